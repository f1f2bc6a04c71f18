import { SegmentedControl, Skeleton, Stack, Table, Text } from "@mantine/core";
import { IconChartLine } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { Answer, Empty } from "../../ui/states";
import { WideTable } from "../../ui/WideTable";
import type { MessageCounts, Report } from "./api";
import type { Journey } from "./journey";
import classes from "./Journeys.module.css";
import { reportQuery } from "./queries";
import { ReportChart } from "./ReportChart";
import { REPORT_DAYS } from "./search";
import { codeText, stepName } from "./sentence";
import { Uplift } from "./Uplift";
import { useJourneySpeech } from "./useJourneySpeech";

/** What came of a journey: how many reached its goal, what it brings, and where people are lost. */
export function ReportTab({ journey, days }: { journey: Journey; days: number }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const report = useQuery(reportQuery(journey.journey_id, days));
  const show = (value: string) => {
    const next = REPORT_DAYS.find((each) => String(each) === value);
    void navigate({
      to: "/journeys/$journeyId",
      params: { journeyId: journey.journey_id },
      search: { tab: "report", ...(next && next !== 30 && { days: next }) },
      replace: true,
    });
  };
  const period = (
    <SegmentedControl
      size="xs"
      aria-label={t("ui.period.label")}
      data={REPORT_DAYS.map((each) => ({ value: String(each), label: t("journeys.report.days", { count: each }) }))}
      value={String(days)}
      onChange={show}
    />
  );
  return (
    <Answer query={report} skeleton={<ReportSkeleton />}>
      {(told) => (
        <div className={classes.stale} data-stale={report.isPlaceholderData}>
          <Stack gap="md">
            <Card title={t("journeys.report.reached")} actions={period}>
              {told.entered === 0 ? (
                <Empty icon={IconChartLine} title={t("journeys.report.empty")} />
              ) : (
                <Figures report={told} />
              )}
            </Card>
            {0 < told.entered && (
              <>
                <Card title={t("journeys.report.over_time")} hint={t("journeys.report.over_time_hint")}>
                  <ReportChart days={told.days} />
                </Card>
                <StepTable journey={journey} report={told} />
                <Reasons report={told} />
              </>
            )}
          </Stack>
        </div>
      )}
    </Answer>
  );
}

function Figures({ report }: { report: Report }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { entered, goals, rate, held_out, held_out_rate, value } = report;
  const share = (part: number | null) => (part === null ? t("ui.none") : format.share(part));
  return (
    <>
      <dl className={classes.figures}>
        <div>
          <dt>{t("journeys.column.entered")}</dt>
          <dd>
            <b>{format.integer(entered)}</b>
          </dd>
        </div>
        <div>
          <dt>{t("journeys.report.reached")}</dt>
          <dd>
            <b>{format.integer(goals)}</b>
          </dd>
        </div>
        <div>
          <dt>{t("journeys.report.rate")}</dt>
          <dd>
            <b>{share(rate)}</b>
            {0 < held_out && (
              <small className="num">
                {share(held_out_rate)} {t("journeys.report.held_out_rate")} ({format.integer(held_out)})
              </small>
            )}
          </dd>
        </div>
        {value !== null && (
          <div>
            <dt>{t("journeys.report.value")}</dt>
            <dd>
              <b>{format.money(value)}</b>
            </dd>
          </div>
        )}
      </dl>
      <Uplift report={report} />
    </>
  );
}

/** Step by step: how many passed, how long it took, and how far its messages came. */
function StepTable({ journey, report }: { journey: Journey; report: Report }) {
  const { t } = useTranslation();
  const format = useFormat();
  const speech = useJourneySpeech();
  const shares = ["delivered", "read", "clicked"] as const;
  const part = (messages: MessageCounts | null, of: (typeof shares)[number]) =>
    messages && 0 < messages.sent ? format.share(messages[of] / messages.sent) : t("ui.none");
  return (
    <Card title={t("journeys.report.steps")} hint={t("journeys.report.steps_hint")} flush>
      <WideTable label={t("journeys.report.steps")} minWidth={820} verticalSpacing={8}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("journeys.column.step")}</Table.Th>
            <Table.Th className="num">{t("journeys.column.passed")}</Table.Th>
            <Table.Th className="num">{t("journeys.column.mean")}</Table.Th>
            <Table.Th className="num">{t("journeys.report.sent")}</Table.Th>
            {shares.map((each) => (
              <Table.Th key={each} className="num">
                {t(`journeys.report.${each}`)}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {report.steps.map(({ step_id, passed, mean_s, messages }) => (
            <Table.Tr key={step_id}>
              <Table.Th scope="row">{stepName(journey, step_id, speech)}</Table.Th>
              <Table.Td className="num">
                {format.integer(passed)}
                <Text size="xs" c="dimmed" className="num">
                  {format.share(passed / Math.max(1, report.entered))}
                </Text>
              </Table.Td>
              <Table.Td className="num">{mean_s === null ? t("ui.none") : format.duration(mean_s)}</Table.Td>
              <Table.Td className="num">{messages ? format.integer(messages.sent) : t("ui.none")}</Table.Td>
              {shares.map((each) => (
                <Table.Td key={each} className="num">
                  {part(messages, each)}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </WideTable>
    </Card>
  );
}

function Reasons({ report: { reasons } }: { report: Report }) {
  const { t } = useTranslation();
  const format = useFormat();
  const all = reasons.reduce((sum, { count }) => sum + count, 0);
  const most = Math.max(1, ...reasons.map(({ count }) => count));
  return (
    <Card title={t("journeys.report.reasons")}>
      {reasons.length === 0 && (
        <Text size="sm" c="dimmed">
          {t("journeys.report.no_reasons")}
        </Text>
      )}
      {reasons.map(({ reason, count }) => (
        <div key={reason} className={classes.reason}>
          <span>{codeText(t, reason)}</span>
          <span className="num">
            {format.integer(count)} · {format.share(count / Math.max(1, all))}
          </span>
          <div className={classes.track}>
            <div style={{ width: `${(100 * count) / most}%` }} />
          </div>
        </div>
      ))}
    </Card>
  );
}

function ReportSkeleton() {
  return (
    <Stack gap="md">
      <Skeleton height={190} radius="lg" />
      <Skeleton height={300} radius="lg" />
    </Stack>
  );
}
