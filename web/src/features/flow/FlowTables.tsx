import { Table, UnstyledButton } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import type { FlowReport, FlowStage } from "../../api/types";
import type { Dimension } from "../../report/eventFilter";
import sheet from "../../report/Report.module.css";
import { useFormat } from "../../ui/FormatContext";
import { WideTable } from "../../ui/WideTable";
import classes from "./Flow.module.css";
import type { Crowd } from "./queries";
import { Quantile, Share } from "./Share";
import { useWords } from "./words";

/** A row a stage; every number leads to its people. */
export function StageTable({ report, onCrowd }: { report: FlowReport; onCrowd: (crowd: Crowd) => void }) {
  const { t } = useTranslation();
  return (
    <WideTable
      label={t("flow.table")}
      minWidth={780}
      horizontalSpacing="xs"
      verticalSpacing={6}
      className={classes.sheet}
    >
      <Head first={t("flow.column.stage")} report={report} />
      <Table.Tbody>
        {report.stages.map((stage, at) => (
          <Row key={at} name={label("event", stage.event)} stage={stage} number={at + 1} onCrowd={onCrowd} />
        ))}
      </Table.Tbody>
    </WideTable>
  );
}

/** A row a group, all at one stage. */
export function GroupTable({
  report,
  dimensions,
  stage: number,
  onCrowd,
}: {
  report: FlowReport;
  dimensions: Dimension[];
  stage: number;
  onCrowd: (crowd: Crowd) => void;
}) {
  const { t } = useTranslation();
  const { groupName } = useWords(report.ages_s, dimensions);
  const first = dimensions.map((dimension) => t(`dimension.${dimension}`)).join(" · ");
  return (
    <WideTable
      label={t("flow.groups")}
      minWidth={780}
      horizontalSpacing="xs"
      verticalSpacing={6}
      className={classes.sheet}
    >
      <Head first={first} report={report} />
      <Table.Tbody>
        {report.groups.map(({ by, stages }) => {
          const stage = stages[number - 1];
          if (!stage || stage.entered + stage.stock === 0) return null;
          return (
            <Row
              key={JSON.stringify(by)}
              name={groupName(by)}
              stage={stage}
              number={number}
              onCrowd={(crowd) => onCrowd({ ...crowd, by })}
            />
          );
        })}
      </Table.Tbody>
    </WideTable>
  );
}

function Head({ first, report }: { first: string; report: FlowReport }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <Table.Thead>
      <Table.Tr>
        <Table.Th>{first}</Table.Th>
        <Table.Th className="num">{t("flow.column.entered")}</Table.Th>
        <Table.Th className="num">{t("flow.column.moved")}</Table.Th>
        <Table.Th className="num">{t("flow.column.lost")}</Table.Th>
        <Table.Th className="num">{t("flow.column.within", { within: format.duration(report.within_s) })}</Table.Th>
        <Table.Th className="num">{t("flow.column.median")}</Table.Th>
        <Table.Th className="num">{t("flow.column.most")}</Table.Th>
        <Table.Th className="num">{t("flow.column.stock")}</Table.Th>
      </Table.Tr>
    </Table.Thead>
  );
}

function Row({
  name,
  stage,
  number,
  onCrowd,
}: {
  name: string;
  stage: FlowStage;
  number: number;
  onCrowd: (crowd: Crowd) => void;
}) {
  const format = useFormat();
  const figure = (count: number, outcome: Crowd["outcome"]) => (
    <UnstyledButton className={sheet.figure} onClick={() => onCrowd({ stage: number, outcome })}>
      {format.integer(count)}
    </UnstyledButton>
  );
  return (
    <Table.Tr>
      <Table.Th scope="row">{name}</Table.Th>
      <Table.Td className="num">{figure(stage.entered, "entered")}</Table.Td>
      <Table.Td className="num">{figure(stage.moved, "moved")}</Table.Td>
      <Table.Td className="num">{figure(stage.lost, "lost")}</Table.Td>
      <Table.Td className="num nowrap">
        <Share of={stage.within} />
      </Table.Td>
      <Table.Td className="num nowrap">
        <Quantile of={stage.quantiles} share={0.5} />
      </Table.Td>
      <Table.Td className="num nowrap">
        <Quantile of={stage.quantiles} share={0.9} />
      </Table.Td>
      <Table.Td className="num">{figure(stage.stock, "waits")}</Table.Td>
    </Table.Tr>
  );
}
