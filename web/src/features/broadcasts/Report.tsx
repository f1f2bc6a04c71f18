import { Anchor, Button, SegmentedControl, Table, Text } from "@mantine/core";
import { useDisclosure, useMediaQuery } from "@mantine/hooks";
import { IconChartLine } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import type { ExperimentComparison } from "../../api/types";
import { Channel } from "../../message/Channel";
import { reasonText } from "../../message/reason";
import { Difference, VerdictBadge } from "../../report/Difference";
import { Chart, type ChartOption } from "../../ui/Chart";
import { tooltipContent, tooltipStyle } from "../../ui/chartTooltip";
import type { Format } from "../../ui/format";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { usePalette, type Palette } from "../../ui/palette";
import { Empty } from "../../ui/states";
import { WideTable } from "../../ui/WideTable";
import type { BroadcastReport, Counts, Moment } from "./api";
import classes from "./Broadcasts.module.css";
import { useBroadcastSpeech } from "./useBroadcastSpeech";

const STAGES = ["messages", "sent", "delivered", "read", "clicked"] as const;
const ASIDE = ["pending", "postponed", "held", "suppressed", "undelivered", "failed", "unknown"] as const;
const REASONS_SHOWN = 8;

/** From messages to clicks; below it those that went no further. */
export function Reach({ counts, definition }: { counts: Counts; definition: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const mayFollow = may(useMe().role, "see_deliveries");
  const most = Math.max(1, counts.messages);
  const aside = ASIDE.filter((state) => 0 < counts[state]);
  return (
    <>
      <ol className={classes.funnel}>
        {STAGES.map((stage, at) => {
          const before = STAGES[at - 1];
          const from = before ? counts[before] : 0;
          return (
            <li key={stage} className={classes.stage} data-stage={stage}>
              <div className={classes.column100} aria-hidden>
                <div style={{ height: `${Math.min(100, (100 * counts[stage]) / most)}%` }} />
              </div>
              <b>{format.integer(counts[stage])}</b>
              <span>{t(`broadcasts.count.${stage}`)}</span>
              <span className={classes.part}>{before && 0 < from ? format.percent(counts[stage] / from) : ""}</span>
            </li>
          );
        })}
      </ol>
      {0 < aside.length && (
        <ul className={classes.chips} aria-label={t("broadcasts.report.aside")}>
          {aside.map((state) => {
            const words = (
              <>
                <b>{format.integer(counts[state])}</b>
                {t(`broadcasts.count.${state}`)}
              </>
            );
            return (
              <li key={state}>
                {mayFollow ? (
                  <Link to="/deliveries" search={{ definition, state }} className={classes.chip}>
                    {words}
                  </Link>
                ) : (
                  <span className={classes.chip}>{words}</span>
                )}
              </li>
            );
          })}
        </ul>
      )}
    </>
  );
}

/** A count and what part of those handed over it is. */
function Part({ count, of }: { count: number; of: number }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <>
      {of === 0 ? t("ui.none") : format.share(count / of)}
      <Text size="xs" c="dimmed" className="num">
        {format.integer(count)}
      </Text>
    </>
  );
}

/** By variant: how far it came, and what it led to; who got nothing, to compare with. */
export function VariantTable({ report: { variants, holdout } }: { report: BroadcastReport }) {
  const { t } = useTranslation();
  const format = useFormat();
  const isTest = 1 < variants.length;
  return (
    <Card title={t("broadcasts.report.variants")} hint={t("broadcasts.report.variants_hint")} flush>
      <WideTable label={t("broadcasts.report.variants")} minWidth={isTest ? 680 : 620} verticalSpacing={7}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("broadcasts.field.variant")}</Table.Th>
            <Table.Th className="num">{t("broadcasts.count.sent")}</Table.Th>
            <Table.Th className="num">{t("broadcasts.count.delivered")}</Table.Th>
            <Table.Th className="num">{t("broadcasts.count.read")}</Table.Th>
            <Table.Th className="num">{t("broadcasts.count.clicked")}</Table.Th>
            <Table.Th className="num">{t("broadcasts.column.converted")}</Table.Th>
            <Table.Th className="num">{t("broadcasts.column.revenue")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {variants.map(({ name, counts, people, converted, revenue, clicked_compared, converted_compared }) => (
            <Table.Tr key={name}>
              <Table.Th scope="row">{name}</Table.Th>
              <Table.Td className="num">{format.integer(counts.sent)}</Table.Td>
              {(["delivered", "read", "clicked"] as const).map((reach) => (
                <Table.Td key={reach} className="num">
                  <Part count={counts[reach]} of={counts.sent} />
                  {reach === "clicked" && <Compared comparison={clicked_compared} />}
                </Table.Td>
              ))}
              <Table.Td className="num">
                <Part count={converted} of={people} />
                <Compared comparison={converted_compared} />
              </Table.Td>
              <Table.Td className="num">{format.money(revenue)}</Table.Td>
            </Table.Tr>
          ))}
          {holdout && (
            <Table.Tr>
              <Table.Th scope="row">
                {t("broadcasts.holdout")}
                <Text size="xs" c="dimmed">
                  {t("people.count", { count: holdout.people, people: format.integer(holdout.people) })}
                </Text>
              </Table.Th>
              <Table.Td className="num">{t("ui.none")}</Table.Td>
              <Table.Td className="num">{t("ui.none")}</Table.Td>
              <Table.Td className="num">{t("ui.none")}</Table.Td>
              <Table.Td className="num">{t("ui.none")}</Table.Td>
              <Table.Td className="num">
                <Part count={holdout.converted} of={holdout.people} />
              </Table.Td>
              <Table.Td className="num">{format.money(holdout.revenue)}</Table.Td>
            </Table.Tr>
          )}
        </Table.Tbody>
      </WideTable>
    </Card>
  );
}

/** How far it is from what it is judged by, once there is something to say. */
function Compared({ comparison }: { comparison: ExperimentComparison | null }) {
  if (!comparison || comparison.verdict === "too_early") return null;
  return (
    <div className={classes.compared}>
      <Difference comparison={comparison} isShare />
      <VerdictBadge comparison={comparison} />
    </div>
  );
}

/** By step of each chain. */
export function StepTable({ report: { steps, variants } }: { report: BroadcastReport }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { template } = useBroadcastSpeech();
  const isTest = 1 < variants.length;
  return (
    <Card title={t("broadcasts.report.steps")} flush>
      <WideTable label={t("broadcasts.report.steps")} minWidth={600} verticalSpacing={7}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("broadcasts.column.step")}</Table.Th>
            <Table.Th className="num">{t("broadcasts.count.sent")}</Table.Th>
            <Table.Th className="num">{t("broadcasts.count.delivered")}</Table.Th>
            <Table.Th className="num">{t("broadcasts.count.read")}</Table.Th>
            <Table.Th className="num">{t("broadcasts.count.clicked")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {steps.map(({ variant, step, message_channel, template_id, counts }) => (
            <Table.Tr key={`${variant} ${step}`}>
              <Table.Td>
                <Channel of={message_channel} />
                {isTest && ` · ${variant}`}
                <Text size="xs" c="dimmed" className="ellipsis" maw={260}>
                  {template(template_id)?.name ?? template_id}
                </Text>
              </Table.Td>
              <Table.Td className="num">{format.integer(counts.sent)}</Table.Td>
              {(["delivered", "read", "clicked"] as const).map((reach) => (
                <Table.Td key={reach} className="num">
                  <Part count={counts[reach]} of={counts.sent} />
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </WideTable>
    </Card>
  );
}

/** Why messages did not go out, or not yet, or did not arrive. */
export function Reasons({ report: { reasons } }: { report: BroadcastReport }) {
  const { t } = useTranslation();
  const format = useFormat();
  const sorted = reasons.toSorted((a, b) => b.messages - a.messages).slice(0, REASONS_SHOWN);
  const most = Math.max(1, sorted[0]?.messages ?? 0);
  return (
    <Card title={t("broadcasts.report.reasons")} hint={t("broadcasts.report.reasons_hint")}>
      {sorted.length === 0 && (
        <Text size="sm" c="dimmed">
          {t("broadcasts.report.no_reasons")}
        </Text>
      )}
      {sorted.map(({ state, reason, messages }) => (
        <div key={`${state} ${reason}`} className={classes.reason}>
          <span>
            {reasonText(t, reason) || t(`message.state.${state}`, { defaultValue: state })}
            <Text size="xs" c="dimmed" span>
              {" · "}
              {t(`message.state.${state}`, { defaultValue: state })}
            </Text>
          </span>
          <span className="num">{format.integer(messages)}</span>
          <div className={classes.track} data-kind={state} aria-hidden>
            <div style={{ width: `${(100 * messages) / most}%` }} />
          </div>
        </div>
      ))}
    </Card>
  );
}

/** Which links people followed. */
export function Clicks({ clicks }: { clicks: BroadcastReport["clicks"] }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <Card title={t("broadcasts.report.clicks")} flush={0 < clicks.length}>
      {clicks.length === 0 ? (
        <Text size="sm" c="dimmed">
          {t("broadcasts.report.no_clicks")}
        </Text>
      ) : (
        <Table horizontalSpacing="md" verticalSpacing={6} layout="fixed">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t("broadcasts.column.link")}</Table.Th>
              <Table.Th className="num" w={80}>
                {t("broadcasts.column.clicks")}
              </Table.Th>
              <Table.Th className="num" w={80}>
                {t("broadcasts.column.people")}
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {clicks.map(({ url, clicks, people }) => (
              <Table.Tr key={url}>
                <Table.Td>
                  {/^https?:\/\//.test(url) ? (
                    <Anchor href={url} target="_blank" rel="noreferrer" title={url} className={classes.url}>
                      {url.replace(/^https?:\/\//, "")}
                    </Anchor>
                  ) : (
                    <span className={classes.url}>{url}</span>
                  )}
                </Table.Td>
                <Table.Td className="num">{format.integer(clicks)}</Table.Td>
                <Table.Td className="num">{format.integer(people)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Card>
  );
}

const LINES = ["sent", "read", "clicked"] as const;

/** How many were handed over, read and clicked, hour by hour or day by day; the same in a table. */
export function OverTime({ report }: { report: BroadcastReport }) {
  const { t } = useTranslation();
  const format = useFormat();
  const palette = usePalette();
  const narrow = useMediaQuery("(max-width: 48em)") ?? false;
  const [isTable, table] = useDisclosure(false);
  const [wanted, setWanted] = useState<"hour" | "day">("hour");
  const given = { hour: report.by_hour ?? [], day: report.by_day ?? [] };
  const hasBoth = 0 < given.hour.length && 0 < given.day.length;
  const by = hasBoth ? wanted : 0 < given.hour.length ? "hour" : "day";
  const moments = given[by];
  const words = {
    sent: t("broadcasts.count.sent"),
    read: t("broadcasts.count.read"),
    clicked: t("broadcasts.count.clicked"),
  };
  const timeOf = (at: string) => (by === "hour" ? format.dateTime(at) : format.date(at));
  const option = useMemo(
    () => timeOption(moments, by, format, palette, words),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the words change with the language, as `t` does
    [moments, by, format, palette, t],
  );
  return (
    <Card
      title={t("broadcasts.report.over_time")}
      actions={
        hasBoth && (
          <SegmentedControl
            size="xs"
            aria-label={t("broadcasts.report.over_time")}
            data={[
              { value: "hour", label: t("broadcasts.report.by_hour") },
              { value: "day", label: t("broadcasts.report.by_day") },
            ]}
            value={by}
            onChange={(value) => setWanted(value === "day" ? "day" : "hour")}
          />
        )
      }
    >
      {moments.length === 0 ? (
        <Empty icon={IconChartLine} title={t("broadcasts.report.nothing_yet")} />
      ) : (
        <>
          <Chart option={option} height={narrow ? 200 : 240} label={t("broadcasts.report.over_time")} />
          <Button size="compact-xs" variant="subtle" mt="xs" aria-expanded={isTable} onClick={table.toggle}>
            {t(isTable ? "broadcasts.report.table_hide" : "broadcasts.report.table_show")}
          </Button>
          {isTable && (
            <WideTable label={t("broadcasts.report.over_time")} minWidth={0} verticalSpacing={4} fz="sm">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t("broadcasts.column.time")}</Table.Th>
                  {LINES.map((line) => (
                    <Table.Th key={line} className="num">
                      {words[line]}
                    </Table.Th>
                  ))}
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {moments.map((moment) => (
                  <Table.Tr key={moment.at}>
                    <Table.Th scope="row">{timeOf(moment.at)}</Table.Th>
                    {LINES.map((line) => (
                      <Table.Td key={line} className="num">
                        {format.integer(moment[line])}
                      </Table.Td>
                    ))}
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </WideTable>
          )}
        </>
      )}
    </Card>
  );
}

function timeOption(
  moments: Moment[],
  by: "hour" | "day",
  format: Format,
  palette: Palette,
  words: Record<(typeof LINES)[number], string>,
): ChartOption {
  const axisOf = (at: string) => (by === "hour" ? format.time(at) : format.day(format.dayOf(at)));
  const text = { color: palette.dim, fontFamily: palette.font };
  return {
    animationDuration: 300,
    grid: { left: 4, right: 8, top: 34, bottom: 4, outerBoundsMode: "same" },
    legend: { top: 0, left: 0, itemWidth: 12, itemHeight: 8, textStyle: text },
    xAxis: {
      type: "category",
      data: moments.map(({ at }) => at),
      axisLine: { lineStyle: { color: palette.line } },
      axisTick: { show: false },
      axisLabel: { ...text, hideOverlap: true, formatter: axisOf },
    },
    yAxis: {
      type: "value",
      min: 0,
      minInterval: 1,
      splitNumber: 4,
      axisLabel: { ...text, formatter: (value: number) => format.compact(value) },
      splitLine: { lineStyle: { color: palette.line } },
    },
    tooltip: {
      trigger: "axis",
      ...tooltipStyle(palette),
      formatter: (marks) => {
        const list = Array.isArray(marks) ? marks : [marks];
        const moment = moments[list[0]?.dataIndex ?? 0];
        if (!moment) return "";
        return tooltipContent(
          by === "hour" ? format.dateTime(moment.at) : format.date(moment.at),
          LINES.map((line, at) => ({
            color: palette.series[at],
            name: words[line],
            value: format.integer(moment[line]),
          })),
        );
      },
    },
    series: LINES.map((line, at) =>
      line === "sent"
        ? {
            type: "bar",
            name: words[line],
            data: moments.map((moment) => moment[line]),
            itemStyle: { color: palette.ghost, borderRadius: [3, 3, 0, 0] },
            color: palette.ghost,
            barMaxWidth: 26,
          }
        : {
            type: "line",
            name: words[line],
            data: moments.map((moment) => moment[line]),
            symbol: "none",
            lineStyle: { width: 2, color: palette.series[at] },
            color: palette.series[at],
          },
    ),
  };
}
