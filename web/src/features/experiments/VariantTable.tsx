import { Badge, Table, UnstyledButton } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { ExperimentReport, ExperimentVariant } from "../../api/types";
import { Difference, VerdictBadge } from "../../report/Difference";
import sheet from "../../report/Report.module.css";
import { useFormat } from "../../ui/FormatContext";
import { WideTable } from "../../ui/WideTable";
import classes from "./Experiments.module.css";
import type { Crowd } from "./queries";
import type { Measure } from "./spec";

/** A row a variant: who was shown it, what came of it, and how far it is from the control. */
export function VariantTable({
  report,
  measure,
  onCrowd,
}: {
  report: ExperimentReport;
  measure: Measure;
  onCrowd: (crowd: Crowd) => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const scale = scaleOf(report.variants);
  const mean = (value: number) => (measure === "people" ? format.share(value) : format.decimal(value));
  const figure = (variant: string, outcome: Crowd["outcome"], people: number) => (
    <UnstyledButton className={sheet.figure} onClick={() => onCrowd({ variant, outcome })}>
      {format.integer(people)}
    </UnstyledButton>
  );
  return (
    <WideTable label={t("experiments.table")} minWidth={860} horizontalSpacing="xs" verticalSpacing={8}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("experiments.column.variant")}</Table.Th>
          <Table.Th className="num">{t("experiments.column.people")}</Table.Th>
          <Table.Th className="num">{t("experiments.column.converted")}</Table.Th>
          <Table.Th className="num">{t(`experiments.column.mean_${measure}`)}</Table.Th>
          <Table.Th className="num">{t("experiments.column.uplift")}</Table.Th>
          <Table.Th aria-hidden />
          <Table.Th>{t("experiments.column.verdict")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {report.variants.map((variant) => (
          <Table.Tr key={variant.name}>
            <Table.Th scope="row">
              {variant.name}
              {variant.comparison === null && (
                <Badge ml={8} size="xs" variant="light" color="gray">
                  {t("experiments.control")}
                </Badge>
              )}
            </Table.Th>
            <Table.Td className="num">{figure(variant.name, "exposed", variant.people)}</Table.Td>
            <Table.Td className="num">{figure(variant.name, "converted", variant.converted)}</Table.Td>
            <Table.Td className="num">{mean(variant.mean)}</Table.Td>
            <Table.Td className="num nowrap">
              {variant.comparison && <Difference comparison={variant.comparison} isShare={measure === "people"} />}
            </Table.Td>
            <Table.Td className={classes.forest} aria-hidden>
              {variant.comparison && <Interval variant={variant} scale={scale} />}
            </Table.Td>
            <Table.Td>{variant.comparison && <VerdictBadge comparison={variant.comparison} />}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </WideTable>
  );
}

/** The farthest ends of all intervals, so that they stand on one line; what is wider is cut off. */
function scaleOf(variants: ExperimentVariant[]): number {
  const ends = variants.flatMap(({ comparison }) =>
    comparison?.uplift ? [Math.abs(comparison.uplift.low), Math.abs(comparison.uplift.high)] : [],
  );
  return Math.min(3, Math.max(0.05, ...ends));
}

function Interval({ variant: { comparison }, scale }: { variant: ExperimentVariant; scale: number }) {
  if (!comparison?.uplift) return null;
  const place = (value: number) => 50 + 50 * Math.max(-1, Math.min(1, value / scale));
  const { low, high, value } = comparison.uplift;
  return (
    <div className={classes.track} data-verdict={comparison.verdict}>
      <span className={classes.bar} style={{ left: `${place(low)}%`, width: `${place(high) - place(low)}%` }} />
      <span className={classes.dot} style={{ left: `${place(value)}%` }} />
    </div>
  );
}
