import { Table, UnstyledButton } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { RetentionCell, RetentionReport } from "../../api/types";
import { valueName, type Dimension } from "../../report/eventFilter";
import sheet from "../../report/Report.module.css";
import { useFormat } from "../../ui/FormatContext";
import { WideTable } from "../../ui/WideTable";
import type { Crowd } from "./queries";
import classes from "./Retention.module.css";
import type { Count } from "./spec";
import { useWords } from "./words";

/** A row a cohort, a column a period; the darker, the more came back. Every number leads to its people. */
export function CohortTable({
  report,
  count,
  grain,
  onCrowd,
}: {
  report: RetentionReport;
  count: Count;
  grain: string;
  onCrowd: (crowd: Crowd) => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const { cohortName } = useWords(grain);
  const width = Math.max(0, ...report.cohorts.map(({ cells }) => cells.length));
  const rows = report.cohorts.filter(({ people }) => 0 < people);
  // A cohort's own period is far above the later ones, which are to be told from each other.
  const darkest = Math.max(0.01, ...rows.flatMap(({ cells }) => cells.slice(1).map((cell) => rateOf(cell, count))));
  return (
    <WideTable
      label={t("retention.table")}
      minWidth={190 + width * 62}
      verticalSpacing={4}
      horizontalSpacing={6}
      className={classes.cohorts}
    >
      <Head first={t("retention.cohort")} width={width} />
      <Table.Tbody>
        <Table.Tr className={classes.together}>
          <Table.Th scope="row" className="nowrap">
            {t("retention.all")}
          </Table.Th>
          <Table.Td className="num">{format.integer(report.people)}</Table.Td>
          {report.cells.map((cell, period) => (
            <Table.Td key={period} className="num">
              {count === "on" ? format.share(cell.rate) : t("ui.none")}
            </Table.Td>
          ))}
        </Table.Tr>
        {rows.map((cohort) => (
          <Table.Tr key={cohort.start}>
            <Table.Th scope="row" className="nowrap">
              {cohortName(cohort.start)}
            </Table.Th>
            <Table.Td className="num">
              <UnstyledButton
                className={sheet.figure}
                onClick={() => onCrowd({ cohort: cohort.start, period: 0, outcome: "began" })}
              >
                {format.integer(cohort.people)}
              </UnstyledButton>
            </Table.Td>
            {cohort.cells.map((cell, period) => (
              <Table.Td key={period} className={`num ${classes.cell}`}>
                <UnstyledButton
                  className={classes.rate}
                  data-unfinished={grows(cell, count) || undefined}
                  style={{ "--heat": `${Math.round(Math.min(1, rateOf(cell, count) / darkest) * 42)}%` }}
                  title={t(grows(cell, count) ? "retention.cell_unfinished" : "retention.cell", {
                    people: format.integer(count === "on" ? cell.people : cell.people_after),
                    of: format.integer(cell.of),
                  })}
                  onClick={() =>
                    onCrowd({ cohort: cohort.start, period, outcome: count === "on" ? "returned" : "returned_after" })
                  }
                >
                  {format.share(rateOf(cell, count))}
                  {grows(cell, count) && <span aria-label={t("retention.unfinished")}>*</span>}
                </UnstyledButton>
              </Table.Td>
            ))}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </WideTable>
  );
}

/** A row a group, over all its cohorts. */
export function GroupTable({ report, dimension }: { report: RetentionReport; dimension: Dimension }) {
  const { t } = useTranslation();
  const format = useFormat();
  const width = report.cells.length;
  return (
    <WideTable
      label={t("retention.groups")}
      minWidth={190 + width * 62}
      verticalSpacing={6}
      horizontalSpacing={6}
      className={classes.cohorts}
    >
      <Head first={t(`dimension.${dimension}`)} width={width} />
      <Table.Tbody>
        {report.groups.map((group) => (
          <Table.Tr key={JSON.stringify(group.by)}>
            <Table.Th scope="row">{valueName(dimension, group.by[dimension]) ?? t("report.no_value")}</Table.Th>
            <Table.Td className="num">{format.integer(group.people)}</Table.Td>
            {group.cells.map((cell, period) => (
              <Table.Td key={period} className="num">
                {format.share(cell.rate)}
              </Table.Td>
            ))}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </WideTable>
  );
}

function Head({ first, width }: { first: string; width: number }) {
  const { t } = useTranslation();
  return (
    <Table.Thead>
      <Table.Tr>
        <Table.Th>{first}</Table.Th>
        <Table.Th className="num">{t("retention.people_column")}</Table.Th>
        {Array.from({ length: width }, (_, period) => (
          <Table.Th key={period} className="num">
            {period}
          </Table.Th>
        ))}
      </Table.Tr>
    </Table.Thead>
  );
}

/** Whether the number may still become more: whoever stayed away may always come back later. */
function grows(cell: RetentionCell, count: Count): boolean {
  return count === "after" || cell.unfinished;
}

function rateOf(cell: RetentionCell, count: Count): number {
  return count === "on" ? cell.rate : cell.rate_after;
}
