import { SegmentedControl, Skeleton, Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { Answer } from "../../ui/states";
import { WideTable } from "../../ui/WideTable";
import { COSTS_BY, type CostsBy, type LeadCost } from "./api";
import { leadCostsQuery } from "./queries";
import classes from "./Scorecards.module.css";
import { Whisker } from "./Whisker";

const ROWS_SHOWN = 12;

/** What leads cost, and what those cost that were worth a dealer's time. */
export function LeadCosts({ days }: { days: { from: string; to: string } }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [by, setBy] = useState<CostsBy>("channel");
  const costs = useQuery(leadCostsQuery(days, by));
  return (
    <Card
      title={t("scorecards.costs.title")}
      hint={t("scorecards.costs.hint")}
      actions={
        <SegmentedControl
          size="xs"
          value={by}
          onChange={(next) => setBy(COSTS_BY.find((known) => known === next) ?? "channel")}
          aria-label={t("scorecards.costs.by_label")}
          data={COSTS_BY.map((value) => ({ value, label: t(`scorecards.costs.by.${value}`) }))}
        />
      }
    >
      <div data-stale={costs.isPlaceholderData} className={classes.stale}>
        <Answer query={costs} skeleton={<Skeleton height={260} radius="md" />}>
          {(answer) => (
            <>
              <CostTable rows={answer.rows} total={answer.total} currency={answer.currency} by={by} />
              <Text size="xs" c="dimmed" mt="xs">
                {t("scorecards.costs.from", { day: format.day(answer.costs_from.slice(0, 10)) })}
              </Text>
            </>
          )}
        </Answer>
      </div>
    </Card>
  );
}

type Shown = { rows: LeadCost[]; total: LeadCost; currency: string; by: CostsBy };

function CostTable({ rows, total, currency, by }: Shown) {
  const { t } = useTranslation();
  const format = useFormat();
  const [whole, setWhole] = useState(false);
  const shown = whole ? rows : rows.slice(0, ROWS_SHOWN);
  const dearest = Math.max(1, ...rows.map(({ cpql }) => cpql ?? 0));
  const end = Math.max(0.05, ...rows.map(({ qualified_rate }) => qualified_rate.high ?? 0));
  const money = (amount: number | null) => (amount === null ? t("ui.none") : format.money(amount, currency));
  const name = (key: string | null) =>
    key === null ? t("scorecards.costs.unknown") : by === "channel" ? label("channel", key) : key;
  const line = (row: LeadCost, isTotal: boolean) => (
    <Table.Tr key={isTotal ? "total" : `of ${row.key}`} className={isTotal ? classes.total : undefined}>
      <Table.Th scope="row" className={classes.dealer}>
        {isTotal ? t("scorecards.costs.total") : name(row.key)}
      </Table.Th>
      <Table.Td className="num">{money(row.cost)}</Table.Td>
      <Table.Td className="num">{format.integer(row.leads)}</Table.Td>
      <Table.Td className="num">{money(row.cpl)}</Table.Td>
      <Table.Td className="num">
        <Whisker share={row.qualified_rate} end={end} all={isTotal ? null : total.qualified_rate.rate} />
      </Table.Td>
      <Table.Td className="num">
        {money(row.cpql)}
        {!isTotal && row.cpql !== null && (
          <div className={classes.track}>
            <div style={{ width: `${(100 * row.cpql) / dearest}%` }} />
          </div>
        )}
      </Table.Td>
      <Table.Td className="num">{format.integer(row.contracts)}</Table.Td>
      <Table.Td className="num">{money(row.cost_per_contract)}</Table.Td>
    </Table.Tr>
  );
  return (
    <>
      <WideTable label={t("scorecards.costs.title")} minWidth={760} horizontalSpacing="sm" verticalSpacing={7}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t(`scorecards.costs.by.${by}`)}</Table.Th>
            <Table.Th className="num">{t("scorecards.costs.cost")}</Table.Th>
            <Table.Th className="num">{t("scorecards.column.leads")}</Table.Th>
            <Table.Th className="num">{t("scorecards.costs.cpl")}</Table.Th>
            <Table.Th className="num">{t("scorecards.costs.qualified")}</Table.Th>
            <Table.Th className="num">{t("scorecards.costs.cpql")}</Table.Th>
            <Table.Th className="num">{t("scorecards.column.contracts")}</Table.Th>
            <Table.Th className="num">{t("scorecards.costs.per_contract")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>{shown.map((row) => line(row, false))}</Table.Tbody>
        <Table.Tfoot>{line(total, true)}</Table.Tfoot>
      </WideTable>
      {ROWS_SHOWN < rows.length && (
        <button type="button" className={classes.more} onClick={() => setWhole(!whole)}>
          {whole ? t("scorecards.costs.fewer") : t("scorecards.costs.more", { count: rows.length - ROWS_SHOWN })}
        </button>
      )}
    </>
  );
}
