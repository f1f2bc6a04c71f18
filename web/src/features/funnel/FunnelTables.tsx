import { Table, UnstyledButton } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import type { FunnelReport, FunnelStep } from "../../api/types";
import bench from "../../report/Report.module.css";
import { useFormat } from "../../ui/FormatContext";
import { WideTable } from "../../ui/WideTable";
import { lost } from "./chartOptions";
import classes from "./Funnel.module.css";
import { groupName } from "./groups";
import type { Crowd } from "./queries";
import type { Dimension } from "./spec";

type Compared = NonNullable<FunnelReport["compared"]>;
type OnCrowd = (crowd: Crowd) => void;

/** The figures of each step; every number of people leads to them. */
export function StepTable({
  report: { steps, compared },
  comparedName,
  onCrowd,
}: {
  report: FunnelReport;
  comparedName: string | undefined;
  onCrowd: OnCrowd;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <WideTable label={t("funnel.table")} minWidth={compared ? 760 : 640} verticalSpacing={8} highlightOnHover>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("funnel.column.step")}</Table.Th>
          <Table.Th className="num">{t("funnel.column.profiles")}</Table.Th>
          <Table.Th className="num">{t("funnel.column.rate")}</Table.Th>
          <Table.Th className="num">{t("funnel.column.step_rate")}</Table.Th>
          <Table.Th className="num">{t("funnel.column.dropped")}</Table.Th>
          <Table.Th className="num">{t("funnel.column.median")}</Table.Th>
          {compared && (
            <>
              <Table.Th className="num">{comparedName}</Table.Th>
              <Table.Th className="num">{t("funnel.column.difference")}</Table.Th>
            </>
          )}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {steps.map((step, at) => (
          <Table.Tr key={at}>
            <Table.Td>{t("funnel.numbered", { number: at + 1, event: label("event", step.event) })}</Table.Td>
            <Table.Td className="num">
              <UnstyledButton className={bench.figure} onClick={() => onCrowd({ step: at + 1, outcome: "reached" })}>
                {format.integer(step.profiles)}
              </UnstyledButton>
            </Table.Td>
            <Table.Td className="num">{format.share(step.rate)}</Table.Td>
            <Table.Td className="num">{at === 0 ? t("ui.none") : format.share(step.step_rate)}</Table.Td>
            <Table.Td className="num">
              {at === 0 ? (
                t("ui.none")
              ) : (
                <UnstyledButton
                  className={`${bench.figure} ${classes.lost}`}
                  onClick={() => onCrowd({ step: at + 1, outcome: "dropped" })}
                >
                  {format.integer(lost(steps, at))}
                </UnstyledButton>
              )}
            </Table.Td>
            <Table.Td className="num nowrap">
              {step.median_time_s === null ? t("ui.none") : format.duration(step.median_time_s)}
            </Table.Td>
            {compared && (
              <>
                <Table.Td className="num nowrap">
                  {format.integer(compared.steps[at]?.profiles ?? 0)}
                  <span className={classes.below}>{format.share(compared.steps[at]?.rate ?? 0)}</span>
                </Table.Td>
                <Table.Td className="num nowrap">
                  <Difference of={compared.differences[at]} at={at} />
                </Table.Td>
              </>
            )}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </WideTable>
  );
}

/** How far the share of a step is above the compared one, in percentage points, with its interval. */
function Difference({ of, at }: { of: Compared["differences"][number] | undefined; at: number }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (!of || at === 0) return t("ui.none");
  const points = (value: number) => t("funnel.points", { value: format.points(value) });
  const isClear = of.low !== null && of.high !== null && (0 < of.low || of.high < 0);
  return (
    <>
      <span style={{ color: isClear ? `var(--fc-${0 < of.value ? "good" : "bad"})` : undefined }}>
        {points(of.value)}
      </span>
      {of.low !== null && of.high !== null && (
        <span className={classes.below}>
          {t("report.interval", { low: format.points(of.low), high: format.points(of.high) })}
        </span>
      )}
    </>
  );
}

/** The groups one under the other, with the people and the share of the first step. */
export function GroupTable({
  groups,
  steps,
  dimension,
  onCrowd,
}: {
  groups: FunnelReport["groups"];
  steps: FunnelStep[];
  dimension: Dimension;
  onCrowd: OnCrowd;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <WideTable
      label={t("funnel.by_group", { dimension: t(`dimension.${dimension}`) })}
      minWidth={180 + steps.length * 120}
      verticalSpacing={7}
      highlightOnHover
    >
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t(`dimension.${dimension}`)}</Table.Th>
          {steps.map(({ event }, at) => (
            <Table.Th key={at} className="num">
              {label("event", event)}
            </Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {groups.map((group) => (
          <Table.Tr key={JSON.stringify(group.by)}>
            <Table.Td>{groupName(group.by, dimension) ?? t("funnel.no_value")}</Table.Td>
            {group.steps.map((step, at) => (
              <Table.Td key={at} className="num nowrap">
                <UnstyledButton
                  className={bench.figure}
                  onClick={() => onCrowd({ step: at + 1, outcome: "reached", by: group.by })}
                >
                  {format.integer(step.profiles)}
                </UnstyledButton>
                {0 < at && <span className={classes.share}>{format.share(step.rate)}</span>}
              </Table.Td>
            ))}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </WideTable>
  );
}
