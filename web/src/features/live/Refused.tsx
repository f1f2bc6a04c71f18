import { Badge, Group, Text, UnstyledButton } from "@mantine/core";
import { IconCircleCheck } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import type { DeadLetter } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { Answer, Empty, RowsSkeleton } from "../../ui/states";
import { LetterDrawer } from "./LetterDrawer";
import classes from "./Live.module.css";
import { deadLettersQuery } from "./queries";

/** Events that were refused: why, and a way to mend and send them again. */
export function Refused({ reason, onReason }: { reason?: string; onReason: (reason: string | undefined) => void }) {
  const { t } = useTranslation();
  const letters = useQuery(deadLettersQuery);
  return (
    <Answer query={letters} skeleton={<Card><RowsSkeleton /></Card>}>
      {({ items }) =>
        items.length === 0 ? (
          <Card>
            <Empty icon={IconCircleCheck} title={t("live.refused.empty.title")} hint={t("live.refused.empty.hint")} />
          </Card>
        ) : (
          <div className={classes.split}>
            <Reasons items={items} chosen={reason} onReason={onReason} />
            <Letters items={items.filter((item) => !reason || item.reason_code === reason)} />
          </div>
        )
      }
    </Answer>
  );
}

function Reasons({
  items,
  chosen,
  onReason,
}: {
  items: DeadLetter[];
  chosen?: string;
  onReason: (reason: string | undefined) => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const counts = Map.groupBy(items, ({ reason_code }) => reason_code);
  const groups = [...counts].map(([code, { length }]) => ({ code, count: length })).sort((a, b) => b.count - a.count);
  return (
    <Card title={t("live.refused.reasons")} flush>
      <UnstyledButton className={classes.reason} aria-pressed={!chosen} onClick={() => onReason(undefined)}>
        {t("live.refused.all")}
        <span className="num">{format.integer(items.length)}</span>
      </UnstyledButton>
      {groups.map(({ code, count }) => (
        <UnstyledButton key={code} className={classes.reason} aria-pressed={chosen === code} onClick={() => onReason(code)}>
          {label("refusal", code)}
          <span className="num">{format.integer(count)}</span>
        </UnstyledButton>
      ))}
    </Card>
  );
}

const STATE_COLORS = { open: "red", retried: "green", discarded: "gray" } as const;

function Letters({ items }: { items: DeadLetter[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [opened, setOpened] = useState<DeadLetter | null>(null);
  return (
    <Card flush>
      {items.map((item) => (
        <UnstyledButton key={item.id} className={classes.letter} onClick={() => setOpened(item)}>
          <Group justify="space-between" wrap="nowrap" gap="sm">
            <Text size="sm" fw={550} className="ellipsis">
              {item.reason}
            </Text>
            <Badge size="sm" variant="light" color={STATE_COLORS[item.state]} style={{ flex: "none" }}>
              {t(`live.refused.state.${item.state}`)}
            </Badge>
          </Group>
          <Text size="xs" c="dimmed" className="ellipsis">
            {t("live.refused.where", { time: format.dateTime(item.received_at), source: item.source })}
          </Text>
          <Text size="xs" c="dimmed" ff="monospace" mt={2} className="ellipsis">
            {item.raw.slice(0, 240)}
          </Text>
        </UnstyledButton>
      ))}
      {opened && <LetterDrawer key={opened.id} letter={opened} onClose={() => setOpened(null)} />}
    </Card>
  );
}
