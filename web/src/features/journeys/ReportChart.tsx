import { useMediaQuery } from "@mantine/hooks";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Chart, type ChartOption } from "../../ui/Chart";
import { tooltipContent, tooltipStyle } from "../../ui/chartTooltip";
import { useFormat } from "../../ui/FormatContext";
import { usePalette } from "../../ui/palette";
import type { Day } from "./api";

const LINES = ["entered", "ended", "goals"] as const;

/** Day by day: who entered, who ended, who reached the goal. */
export function ReportChart({ days }: { days: Day[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const palette = usePalette();
  const narrow = useMediaQuery("(max-width: 48em)") ?? false;
  const option = useMemo<ChartOption>(() => {
    const names = {
      entered: t("journeys.column.entered"),
      ended: t("journeys.report.ended"),
      goals: t("journeys.report.reached"),
    };
    const colors = { entered: palette.ghost, ended: palette.series[1] ?? palette.dim, goals: palette.accent };
    return {
      animationDuration: 300,
      grid: { left: 4, right: 12, top: narrow ? 56 : 36, bottom: 4, outerBoundsMode: "same" },
      legend: {
        top: 0,
        left: 0,
        icon: "roundRect",
        itemWidth: 10,
        itemHeight: 10,
        textStyle: { color: palette.ink, fontFamily: palette.font },
      },
      xAxis: {
        type: "category",
        data: days.map(({ day }) => format.day(day)),
        axisLine: { lineStyle: { color: palette.line } },
        axisTick: { show: false },
        axisLabel: { color: palette.dim, fontFamily: palette.font },
      },
      yAxis: {
        type: "value",
        min: 0,
        minInterval: 1,
        splitNumber: 4,
        axisLabel: {
          color: palette.dim,
          fontFamily: palette.font,
          formatter: (value: number) => format.compact(value),
        },
        splitLine: { lineStyle: { color: palette.line } },
      },
      tooltip: {
        trigger: "axis",
        ...tooltipStyle(palette),
        formatter: (marks) => {
          const at = Array.isArray(marks) ? (marks[0]?.dataIndex ?? 0) : marks.dataIndex;
          const told = days[at];
          if (!told) return "";
          return tooltipContent(
            format.dayLong(told.day),
            LINES.map((line) => ({ color: colors[line], name: names[line], value: format.integer(told[line]) })),
          );
        },
      },
      series: LINES.map((line) =>
        line === "entered"
          ? {
              type: "bar" as const,
              name: names[line],
              barMaxWidth: 22,
              itemStyle: { color: colors[line], borderRadius: [3, 3, 0, 0] },
              data: days.map((day) => day[line]),
            }
          : {
              type: "line" as const,
              name: names[line],
              symbol: "none",
              itemStyle: { color: colors[line] },
              lineStyle: { width: line === "goals" ? 2.5 : 1.6, color: colors[line] },
              data: days.map((day) => day[line]),
            },
      ),
    };
  }, [days, format, palette, narrow, t]);
  const sum = (line: "entered" | "goals") => format.integer(days.reduce((all, day) => all + day[line], 0));
  return (
    <Chart
      option={option}
      height={narrow ? 220 : 260}
      label={t("journeys.report.chart", { entered: sum("entered"), goals: sum("goals") })}
    />
  );
}
