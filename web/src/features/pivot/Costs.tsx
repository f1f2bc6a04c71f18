import { SegmentedControl, Table, Text } from "@mantine/core";
import { IconCoinOff } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { PivotReport } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { addDays, daysOf, type Period } from "../../ui/period";
import { Answer, Empty, RowsSkeleton } from "../../ui/states";
import { WideTable } from "../../ui/WideTable";
import { channelsOf, daysBetween, type CostChannel } from "./costDays";
import classes from "./Pivot.module.css";
import { pivotQuery } from "./queries";
import { costsSpec } from "./spec";
import { valueName } from "./words";
import { Warnings } from "./Warnings";

/** More days than this cannot be told apart beside each other. */
const DAYS_MAX = 120;

type Figure = "cost" | "impressions" | "clicks";

/** What was imported of advertising costs: each channel's days, with the gaps. */
export function Costs({ period }: { period: Period }) {
  const format = useFormat();
  const asked = daysOf(period, format.dayOf(new Date()));
  const from = addDays(asked.to, 1 - DAYS_MAX);
  const days = { from: asked.from < from ? from : asked.from, to: asked.to };
  const report = useQuery(pivotQuery(costsSpec(days, format.zone)));
  return (
    <div className={classes.result} data-stale={report.isPlaceholderData}>
      <Answer query={report} skeleton={<RowsSkeleton rows={8} />}>
        {(answer) => <Imported report={answer} days={days} isCut={asked.from < from} />}
      </Answer>
    </div>
  );
}

function Imported({
  report,
  days,
  isCut,
}: {
  report: PivotReport;
  days: { from: string; to: string };
  isCut: boolean;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const [shown, setShown] = useState<Figure>("cost");
  const channels = useMemo(() => channelsOf(report, days), [report, days]);
  const figures: { value: Figure; label: string }[] = [
    { value: "cost", label: t("pivot.metric.cost") },
    { value: "impressions", label: t("pivot.metric.impressions") },
    { value: "clicks", label: t("pivot.metric.clicks") },
  ];
  if (channels.length === 0) {
    return (
      <Card>
        <Empty icon={IconCoinOff} title={t("pivot.costs.empty.title")} hint={t("pivot.costs.empty.hint")} />
      </Card>
    );
  }
  const hint = [
    t("pivot.costs.days", { from: format.day(days.from), to: format.day(days.to) }),
    isCut ? t("pivot.costs.cut", { count: DAYS_MAX }) : null,
  ];
  return (
    <>
      <Warnings report={report} />
      <Card
        title={t("pivot.costs.title")}
        hint={hint.filter(Boolean).join(" · ")}
        actions={
          <SegmentedControl
            size="xs"
            aria-label={t("pivot.costs.figure")}
            data={figures}
            value={shown}
            onChange={(next) => setShown(figures.find(({ value }) => value === next)?.value ?? "cost")}
          />
        }
        flush
      >
        <WideTable label={t("pivot.costs.title")} minWidth={760} verticalSpacing={9}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t("dimension.channel")}</Table.Th>
              <Table.Th className={classes.days}>{t("pivot.costs.by_day")}</Table.Th>
              <Table.Th className="num">{t("pivot.costs.sum")}</Table.Th>
              <Table.Th className="num">{t("pivot.costs.last")}</Table.Th>
              <Table.Th>{t("pivot.costs.gaps")}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {channels.map((channel) => (
              <ChannelRow
                key={channel.channel ?? ""}
                channel={channel}
                shown={shown}
                days={days}
                currency={report.currency}
              />
            ))}
          </Table.Tbody>
        </WideTable>
        <div className={classes.legendBar}>
          <span className={classes.legend}>
            <i className={classes.full} /> {t("pivot.costs.legend_imported")}
            <i className={classes.gap} /> {t("pivot.costs.legend_gap")}
            <i className={classes.outside} /> {t("pivot.costs.legend_outside")}
          </span>
        </div>
      </Card>
    </>
  );
}

function ChannelRow({
  channel,
  shown,
  days,
  currency,
}: {
  channel: CostChannel;
  shown: Figure;
  days: { from: string; to: string };
  currency: string;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const write = (value: number) => (shown === "cost" ? format.money(value, currency) : format.integer(value));
  const all = daysBetween(days.from, days.to);
  const most = Math.max(1, ...[...channel.byDay.values()].map((figures) => figures[shown]));
  const gaps = channel.gaps.length;
  return (
    <Table.Tr>
      <Table.Td className="nowrap">{valueName(t, format, "channel", channel.channel)}</Table.Td>
      <Table.Td className={classes.days}>
        <div
          className={classes.strip}
          role="group"
          aria-label={t("pivot.costs.strip", { days: format.integer(channel.byDay.size), gaps: format.integer(gaps) })}
        >
          {all.map((day) => {
            const figures = channel.byDay.get(day);
            const isGap = !figures && channel.gaps.includes(day);
            const title = figures
              ? `${format.dayLong(day)}: ${write(figures[shown])}`
              : t(isGap ? "pivot.costs.gap_on" : "pivot.costs.nothing_on", { day: format.dayLong(day) });
            return (
              <span
                key={day}
                title={title}
                className={figures ? classes.full : isGap ? classes.gap : classes.outside}
                style={figures ? { height: `${18 + (figures[shown] / most) * 82}%` } : undefined}
              />
            );
          })}
        </div>
      </Table.Td>
      <Table.Td className="num nowrap">{write(channel.sum[shown])}</Table.Td>
      <Table.Td className="num nowrap">{format.day(channel.last)}</Table.Td>
      <Table.Td>
        {gaps === 0 ? (
          <Text size="sm" c="dimmed">
            {t("pivot.costs.no_gaps")}
          </Text>
        ) : (
          <Text size="sm" fw={600} c="var(--fc-bad)" title={channel.gaps.map((day) => format.day(day)).join(", ")}>
            {t("pivot.costs.gap_count", { count: gaps, days: format.integer(gaps) })}
          </Text>
        )}
      </Table.Td>
    </Table.Tr>
  );
}
