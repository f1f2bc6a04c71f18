import { SegmentedControl } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Overview } from "../../api/types";
import { Chart, type ChartOption } from "../../ui/Chart";
import { tooltipContent, tooltipStyle } from "../../ui/chartTooltip";
import type { Format } from "../../ui/format";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { usePalette, type Palette } from "../../ui/palette";
import { METRICS, type Metric } from "./search";

/** One figure by day. */
export function Trend({
  overview,
  metric,
  onMetric,
}: {
  overview: Overview;
  metric: Metric;
  onMetric: (metric: Metric) => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const palette = usePalette();
  const narrow = useMediaQuery("(max-width: 48em)");
  const name = t(`overview.metric.${metric}`);
  const { days, totals } = overview;
  const option = useMemo(
    () => trendOption({ days, metric, name, currency: totals.currency, format, palette }),
    [days, metric, name, totals.currency, format, palette],
  );
  return (
    <Card
      title={t("overview.by_day", { metric: name })}
      actions={
        !narrow && (
          <SegmentedControl
            size="xs"
            aria-label={t("overview.choose_metric")}
            data={METRICS.map((value) => ({ value, label: t(`overview.metric.${value}`) }))}
            value={metric}
            onChange={(value) => onMetric(METRICS.find((known) => known === value) ?? metric)}
          />
        )
      }
    >
      <Chart option={option} height={narrow ? 220 : 280} label={t("overview.by_day", { metric: name })} />
    </Card>
  );
}

function trendOption({
  days,
  metric,
  name,
  currency,
  format,
  palette,
}: {
  days: Overview["days"];
  metric: Metric;
  name: string;
  currency: string;
  format: Format;
  palette: Palette;
}): ChartOption {
  const figure = (value: number) => (metric === "revenue" ? format.money(value, currency) : format.integer(value));
  const short = (value: number) =>
    metric === "revenue" ? format.moneyCompact(value, currency) : format.compact(value);
  return {
    animationDuration: 350,
    grid: { left: 4, right: 12, top: 14, bottom: 0, outerBoundsMode: "same" },
    xAxis: {
      type: "category",
      boundaryGap: days.length < 2,
      data: days.map(({ day }) => day),
      axisLine: { lineStyle: { color: palette.line } },
      axisTick: { show: false },
      axisLabel: {
        color: palette.dim,
        fontFamily: palette.font,
        hideOverlap: true,
        formatter: (day: string) => format.day(day),
      },
    },
    yAxis: {
      type: "value",
      splitNumber: 4,
      minInterval: metric === "revenue" ? undefined : 1,
      axisLabel: { color: palette.dim, fontFamily: palette.font, formatter: short },
      splitLine: { lineStyle: { color: palette.line } },
    },
    tooltip: {
      trigger: "axis",
      axisPointer: { type: "line", lineStyle: { color: palette.dim, type: "dashed" } },
      ...tooltipStyle(palette),
      formatter: (marks) => {
        const day = days[(Array.isArray(marks) ? marks[0] : marks)?.dataIndex ?? -1];
        return day
          ? tooltipContent(format.dayLong(day.day), [{ color: palette.accent, name, value: figure(day[metric]) }])
          : "";
      },
    },
    series: [
      {
        type: "line",
        data: days.map((day) => day[metric]),
        showSymbol: days.length < 2,
        symbolSize: 7,
        smooth: 0.2,
        lineStyle: { width: 2.2, color: palette.accent },
        itemStyle: { color: palette.accent },
        areaStyle: {
          color: {
            type: "linear",
            x: 0,
            y: 0,
            x2: 0,
            y2: 1,
            colorStops: [
              { offset: 0, color: `${palette.accent}40` },
              { offset: 1, color: palette.accentFade },
            ],
          },
        },
      },
    ],
  };
}
