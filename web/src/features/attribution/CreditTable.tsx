import { Table, Tooltip, UnstyledButton, VisuallyHidden } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { AttributionCredit, AttributionReport } from "../../api/types";
import sheet from "../../report/Report.module.css";
import { useFormat } from "../../ui/FormatContext";
import { WideTable } from "../../ui/WideTable";
import classes from "./Attribution.module.css";
import { figureOf, figureText, keyName } from "./figures";
import type { Key } from "./queries";
import { MODELS, type Figure } from "./spec";

/** All models side by side, a row for each channel; the last lines are what nobody touched, and the totals. */
export function CreditTable({
  report,
  figure,
  onRow,
}: {
  report: AttributionReport;
  figure: Figure;
  onRow: (row: Key) => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const text = (value: number | null) => (value === null ? t("ui.none") : figureText(format, report, figure, value));
  const hasCosts = report.rows.some(({ cost }) => cost !== null);
  const isSum = figure === "conversions" || figure === "revenue";
  const sum = (amounts: { conversions: number; revenue: number }) => (isSum ? text(amounts[figure]) : t("ui.none"));
  return (
    <WideTable
      label={t("attribution.table")}
      minWidth={920}
      verticalSpacing={6}
      horizontalSpacing="xs"
      highlightOnHover
      className={classes.credits}
    >
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{report.by.map((name) => t(`dimension.${name}` as "dimension.channel")).join(" · ")}</Table.Th>
          <Table.Th className="num">{t("attribution.associated")}</Table.Th>
          {MODELS.map((model) => (
            <Table.Th key={model} className="num">
              {t(`attribution.model.${model}`)}
            </Table.Th>
          ))}
          {hasCosts && <Table.Th className="num">{t("attribution.cost")}</Table.Th>}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {report.rows.map((row) => (
          <Table.Tr key={JSON.stringify(row.by)}>
            <Table.Th scope="row">{keyName(t, report.by, row.by)}</Table.Th>
            <Table.Td className="num">
              <UnstyledButton className={sheet.figure} onClick={() => onRow(row.by)}>
                {format.integer(row.associated.conversions)}
              </UnstyledButton>
            </Table.Td>
            {row.credits.map((credit, model) => (
              <Table.Td key={MODELS[model]} className="num nowrap">
                {text(figureOf(credit, figure))}
                {figure === "conversions" && <Interval credit={credit} />}
              </Table.Td>
            ))}
            {hasCosts && (
              <Table.Td className="num nowrap">
                {row.cost === null ? t("ui.none") : format.money(row.cost, report.currency)}
              </Table.Td>
            )}
          </Table.Tr>
        ))}
        <Table.Tr>
          <Table.Th scope="row">{t("attribution.untouched")}</Table.Th>
          <Table.Td />
          {MODELS.map((model) => (
            <Table.Td key={model} className="num nowrap">
              {sum(report.untouched)}
            </Table.Td>
          ))}
          {hasCosts && <Table.Td />}
        </Table.Tr>
        <Table.Tr className={classes.total}>
          <Table.Th scope="row">{t("attribution.total")}</Table.Th>
          <Table.Td className="num">{format.integer(report.total.conversions)}</Table.Td>
          {MODELS.map((model) => (
            <Table.Td key={model} className="num nowrap">
              {sum(report.total)}
            </Table.Td>
          ))}
          {hasCosts && <Table.Td />}
        </Table.Tr>
      </Table.Tbody>
    </WideTable>
  );
}

/** How far the number might lie from here, and whether its rank above the next is known. */
function Interval({ credit: { low, high, tied_with_next } }: { credit: AttributionCredit }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (low === null || high === null) return null;
  return (
    <span className={classes.interval}>
      {t("attribution.interval", { low: format.integer(low), high: format.integer(high) })}
      {tied_with_next && (
        <Tooltip label={t("attribution.tied")}>
          <span className={classes.tied}>
            <span aria-hidden>≈</span>
            <VisuallyHidden>{t("attribution.tied")}</VisuallyHidden>
          </span>
        </Tooltip>
      )}
    </span>
  );
}
