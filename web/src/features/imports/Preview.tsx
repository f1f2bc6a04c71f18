import { SegmentedControl, Table, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import type { Look, LookRow } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { WideTable } from "../../ui/WideTable";
import classes from "./Imports.module.css";

/** The first rows, as they stand in the file and as they would become records; with those that would be refused. */
export function Preview({ look, stale }: { look: Look; stale: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [as, setAs] = useState<"file" | "records">("file");
  const { preview } = look;
  if (!preview) return null;
  return (
    <Card
      flush
      title={t("imports.preview.title")}
      hint={
        preview.refused === 0
          ? t("imports.preview.all_fit", { count: preview.looked_at, rows: format.integer(preview.looked_at) })
          : t("imports.preview.some_refused", {
              count: preview.refused,
              refused: format.integer(preview.refused),
              rows: format.integer(preview.looked_at),
            })
      }
      actions={
        <SegmentedControl
          size="xs"
          aria-label={t("imports.preview.as")}
          value={as}
          onChange={(value) => setAs(value === "records" ? "records" : "file")}
          data={[
            { value: "file", label: t("imports.preview.as_file") },
            { value: "records", label: t("imports.preview.as_records") },
          ]}
        />
      }
    >
      <WideTable
        label={t("imports.preview.title")}
        minWidth={as === "file" ? Math.max(480, look.columns.length * 130) : 480}
        verticalSpacing={6}
        horizontalSpacing="sm"
        style={{ opacity: stale ? 0.55 : 1 }}
        fz={13}
      >
        <Table.Thead>
          <Table.Tr>
            <Table.Th className="num">{t("imports.preview.row")}</Table.Th>
            {as === "file" ? (
              look.columns.map(({ name }) => <Table.Th key={name}>{name}</Table.Th>)
            ) : (
              <Table.Th>{t("imports.preview.record")}</Table.Th>
            )}
            <Table.Th>{t("imports.preview.problem")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {preview.rows.map((row) => (
            <Row key={row.number} row={row} look={look} as={as} />
          ))}
        </Table.Tbody>
      </WideTable>
    </Card>
  );
}

function Row({ row, look, as }: { row: LookRow; look: Look; as: "file" | "records" }) {
  const { t } = useTranslation();
  const { problem } = row;
  return (
    <Table.Tr>
      <Table.Td className="num">{row.number}</Table.Td>
      {as === "file" ? (
        look.columns.map(({ name }, at) => (
          <Table.Td
            key={name}
            className={`${classes.cell} ${problem?.column === name ? classes.bad : ""}`}
            title={row.cells[at]}
          >
            {row.cells[at] || t("ui.none")}
          </Table.Td>
        ))
      ) : (
        <Table.Td className={classes.record} title={row.item ? JSON.stringify(row.item, null, 2) : undefined}>
          {row.item ? JSON.stringify(row.item) : t("ui.none")}
        </Table.Td>
      )}
      <Table.Td style={{ minWidth: problem ? 240 : 0 }}>
        {problem && (
          <>
            <Text size="xs" fw={600} c="var(--fc-bad)">
              {label("refusal", problem.code)}
            </Text>
            <Text size="xs">{problem.message}</Text>
          </>
        )}
      </Table.Td>
    </Table.Tr>
  );
}
