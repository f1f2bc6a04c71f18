import { Table, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { WideTable } from "../../ui/WideTable";
import type { DeskReport as Report } from "./api";
import { AnswerChart } from "./AnswerChart";
import { Figures } from "./Figures";
import { FlowChart } from "./FlowChart";
import { LeadCosts } from "./LeadCosts";
import classes from "./Scorecards.module.css";
import { useAnswerName, usePlaceName } from "./words";
import { CalledFirst, CameBack } from "./Worth";

/** What becomes of leads, why some are lost, and what being quick is worth. */
export function DeskReport({ report, days }: { report: Report; days: { from: string; to: string } }) {
  const { t } = useTranslation();
  return (
    <div className={classes.report}>
      <LeadCosts days={days} />
      <Card title={t("scorecards.flow.title")} hint={t("scorecards.flow.hint")}>
        <FlowChart flow={report.flow} />
        <FlowTable flow={report.flow} />
      </Card>
      <Card title={t("scorecards.answer.title")} hint={t("scorecards.answer.hint")}>
        <AnswerChart answers={report.by_answer} />
        <AnswerTable answers={report.by_answer} />
      </Card>
      <Verification figures={report.verification} />
      {0 < report.lines.length && (
        <Card title={t("scorecards.lines.title")} hint={t("scorecards.lines.hint")} flush>
          <Lines lines={report.lines} />
        </Card>
      )}
      <div className={classes.halves}>
        <CalledFirst report={report.called_first} />
        <CameBack figures={report.came_back} />
      </div>
      <div className={classes.halves}>
        <Card title={t("scorecards.lost.title")} hint={t("scorecards.lost.hint")}>
          <Lost lost={report.lost} />
        </Card>
        <Card title={t("scorecards.bands.title")} hint={t("scorecards.bands.hint")} flush>
          <Bands bands={report.bands} />
        </Card>
      </div>
    </div>
  );
}

function Verification({ figures }: { figures: Report["verification"] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { claimed, calls, qualified, calls_saved } = figures;
  const shown = [
    ["claimed", claimed, null],
    [
      "calls",
      calls,
      claimed === 0 ? null : t("scorecards.verification.per_lead", { calls: format.decimal(calls / claimed) }),
    ],
    ["qualified", qualified, claimed === 0 ? null : format.share(qualified / claimed)],
    ["calls_saved", calls_saved, t("scorecards.verification.calls_saved_hint")],
  ] as const;
  return (
    <Card title={t("scorecards.verification.title")} hint={t("scorecards.verification.hint")}>
      <Figures
        shown={shown.map(([key, count, hint]) => ({
          name: t(`scorecards.verification.${key}`),
          value: format.integer(count),
          hint,
        }))}
      />
    </Card>
  );
}

const LINE_COUNTS = ["leads", "rings", "not_taken", "declined", "nobody", "transferred"] as const;

/** How the contact centre's lines took what rang at them, and what they settled themselves. */
function Lines({ lines }: { lines: Report["lines"] }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <WideTable label={t("scorecards.lines.title")} minWidth={720}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("scorecards.lines.line")}</Table.Th>
          {LINE_COUNTS.map((key) => (
            <Table.Th key={key} className="num">
              {t(`scorecards.lines.${key}`)}
            </Table.Th>
          ))}
          <Table.Th className="num">{t("scorecards.lines.taken_median")}</Table.Th>
          <Table.Th className="num">{t("scorecards.lines.solved")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {lines.map((line) => (
          <Table.Tr key={line.line}>
            <Table.Td>{line.line}</Table.Td>
            {LINE_COUNTS.map((key) => (
              <Table.Td key={key} className="num">
                {format.integer(line[key])}
              </Table.Td>
            ))}
            <Table.Td className="num">
              {line.taken_median_s === null ? t("ui.none") : format.duration(line.taken_median_s)}
            </Table.Td>
            <Table.Td className="num">
              {line.solved.rate === null ? t("ui.none") : format.share(line.solved.rate)}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </WideTable>
  );
}

function FlowTable({ flow }: { flow: Report["flow"] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const name = usePlaceName();
  const out = new Map<string, number>();
  for (const { from, count } of flow) out.set(from, (out.get(from) ?? 0) + count);
  return (
    <details className={classes.details}>
      <summary>{t("scorecards.as_table")}</summary>
      <WideTable label={t("scorecards.flow.title")} minWidth={420} horizontalSpacing="xs" verticalSpacing={5}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("scorecards.column.from")}</Table.Th>
            <Table.Th>{t("scorecards.column.to")}</Table.Th>
            <Table.Th className="num">{t("scorecards.column.leads")}</Table.Th>
            <Table.Th className="num">{t("scorecards.column.share")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {flow.map(({ from, to, count }) => (
            <Table.Tr key={`${from}/${to}`}>
              <Table.Td>{name(from)}</Table.Td>
              <Table.Td>{name(to)}</Table.Td>
              <Table.Td className="num">{format.integer(count)}</Table.Td>
              <Table.Td className="num">{format.share(count / Math.max(1, out.get(from) ?? 0))}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </WideTable>
    </details>
  );
}

function AnswerTable({ answers }: { answers: Report["by_answer"] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const names = useAnswerName(answers);
  const share = (count: number, of: number) => (of === 0 ? t("ui.none") : format.share(count / of));
  return (
    <WideTable label={t("scorecards.answer.title")} minWidth={520} horizontalSpacing="xs" verticalSpacing={5}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("scorecards.column.first_contact")}</Table.Th>
          <Table.Th className="num">{t("scorecards.column.leads")}</Table.Th>
          <Table.Th className="num">{t("scorecards.column.test_drive_rate")}</Table.Th>
          <Table.Th className="num">{t("scorecards.column.contract_rate")}</Table.Th>
          <Table.Th className="num">{t("scorecards.column.lost_elsewhere")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {answers.map(({ leads, test_drives, contracts, lost_elsewhere }, at) => (
          <Table.Tr key={at}>
            <Table.Td>{names[at]}</Table.Td>
            <Table.Td className="num">{format.integer(leads)}</Table.Td>
            <Table.Td className="num">{share(test_drives, leads)}</Table.Td>
            <Table.Td className="num">{share(contracts, leads)}</Table.Td>
            <Table.Td className="num">{share(lost_elsewhere, leads)}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </WideTable>
  );
}

function Lost({ lost }: { lost: Report["lost"] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const total = lost.reduce((sum, { count }) => sum + count, 0);
  const most = Math.max(1, ...lost.map(({ count }) => count));
  if (total === 0)
    return (
      <Text size="sm" c="dimmed">
        {t("scorecards.lost.none")}
      </Text>
    );
  return (
    <>
      {lost.map(({ reason, count }) => (
        <div key={reason} className={classes.reason}>
          <span>{reason ? label("lead_word", reason) : t("scorecards.lost.unsaid")}</span>
          <span className="num">
            {format.integer(count)}
            <small className="num">{format.share(count / total)}</small>
          </span>
          <div className={classes.track}>
            <div style={{ width: `${(100 * count) / most}%` }} />
          </div>
        </div>
      ))}
    </>
  );
}

function Bands({ bands }: { bands: Report["bands"] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const most = Math.max(0.0001, ...bands.map(({ rate }) => rate ?? 0));
  return (
    <WideTable label={t("scorecards.bands.title")} minWidth={300} horizontalSpacing="md" verticalSpacing={8}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("scorecards.column.band")}</Table.Th>
          <Table.Th className="num">{t("scorecards.column.leads")}</Table.Th>
          <Table.Th className="num">{t("scorecards.column.contracts")}</Table.Th>
          <Table.Th className="num">{t("scorecards.column.contract_rate")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {bands.map(({ band, leads, contracts, rate }) => (
          <Table.Tr key={band}>
            <Table.Td>{band}</Table.Td>
            <Table.Td className="num">{format.integer(leads)}</Table.Td>
            <Table.Td className="num">{format.integer(contracts)}</Table.Td>
            <Table.Td className="num">
              {rate === null ? t("ui.none") : format.share(rate)}
              <div className={classes.track}>
                <div style={{ width: `${(100 * (rate ?? 0)) / most}%` }} />
              </div>
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </WideTable>
  );
}
