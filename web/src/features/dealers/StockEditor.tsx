import { ActionIcon, Button, NumberInput, TextInput } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import classes from "./Dealers.module.css";

type Row = [model: string, count: number];

/** How many cars of each model stand at a dealer. */
export function StockEditor({
  stock,
  onChange,
}: {
  stock: Record<string, number>;
  onChange: (stock: Record<string, number>) => void;
}) {
  const { t } = useTranslation();
  // Two lines may have one name while it is typed: the lines are kept here, and told without those that have none.
  const [rows, setRows] = useState<Row[]>(() => Object.entries(stock));
  const set = (next: Row[]) => {
    setRows(next);
    onChange(
      Object.fromEntries(next.filter(([model]) => model.trim() !== "").map(([model, count]) => [model.trim(), count])),
    );
  };
  return (
    <>
      {rows.map(([model, count], at) => (
        <div key={at} className={classes.stock}>
          <TextInput
            aria-label={t("dealers.stock.model")}
            placeholder={t("dealers.stock.model")}
            value={model}
            onChange={(event) => set(rows.with(at, [event.currentTarget.value, count]))}
          />
          <NumberInput
            min={0}
            allowDecimal={false}
            aria-label={t("dealers.stock.count", { model })}
            value={count}
            onChange={(value) => set(rows.with(at, [model, Number(value)]))}
          />
          <ActionIcon
            variant="subtle"
            color="gray"
            c="dimmed"
            aria-label={t("dealers.stock.remove", { model })}
            onClick={() => set(rows.toSpliced(at, 1))}
          >
            <IconX size={16} />
          </ActionIcon>
        </div>
      ))}
      <Button
        size="compact-sm"
        variant="subtle"
        leftSection={<IconPlus size={15} aria-hidden />}
        onClick={() => setRows([...rows, ["", 1]])}
      >
        {t("dealers.stock.add")}
      </Button>
    </>
  );
}
