import { useMediaQuery } from "@mantine/hooks";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { RetentionReport } from "../../api/types";
import { valueName, type Dimension } from "../../report/eventFilter";
import { Chart, type ChartOption } from "../../ui/Chart";
import { tooltipContent, tooltipStyle } from "../../ui/chartTooltip";
import { useFormat } from "../../ui/FormatContext";
import { usePalette } from "../../ui/palette";
import { useWords } from "./words";

/** Groups that a reader can still tell apart; the table has them all. */
const GROUPS_DRAWN = 6;

/** The share that comes back, by period: of all, or of each group. Periods that are not over are not drawn. */
export function RetentionChart({
  report,
  dimension,
  grain,
}: {
  report: RetentionReport;
  dimension: Dimension | undefined;
  grain: string;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const palette = usePalette();
  const narrow = useMediaQuery("(max-width: 48em)") ?? false;
  const { periodName } = useWords(grain);
  const lines = useMemo(() => {
    const named = (by: { [dimension: string]: string | null }) =>
      (dimension && valueName(dimension, by[dimension])) ?? t("report.no_value");
    const groups = dimension ? report.groups.slice(0, GROUPS_DRAWN) : [];
    return 0 < groups.length
      ? groups.map(({ by, cells }) => ({ name: named(by), cells }))
      : [{ name: t("retention.all"), cells: report.cells }];
  }, [report, dimension, t]);
  // In its own period a person comes back within one visit: that would press the later periods together.
  const first = 2 < report.cells.length ? 1 : 0;
  const option = useMemo<ChartOption>(
    () => ({
      animationDuration: 300,
      color: 1 < lines.length ? palette.series : [palette.accent],
      grid: { left: 4, right: 12, top: 1 < lines.length ? (narrow ? 64 : 40) : 16, bottom: 4, outerBoundsMode: "same" },
      legend: {
        show: 1 < lines.length,
        top: 0,
        left: 0,
        icon: "roundRect",
        itemWidth: 10,
        itemHeight: 10,
        textStyle: { color: palette.ink, fontFamily: palette.font },
      },
      xAxis: {
        type: "category",
        boundaryGap: false,
        data: report.cells.map((_, period) => String(period)).slice(first),
        axisLine: { lineStyle: { color: palette.line } },
        axisTick: { show: false },
        axisLabel: { color: palette.ink, fontFamily: palette.font },
      },
      yAxis: {
        type: "value",
        min: 0,
        splitNumber: 4,
        axisLabel: {
          color: palette.dim,
          fontFamily: palette.font,
          formatter: (value: number) => format.percent(value),
        },
        splitLine: { lineStyle: { color: palette.line } },
      },
      tooltip: {
        trigger: "axis",
        ...tooltipStyle(palette),
        formatter: (marks) => {
          const at = Array.isArray(marks) ? (marks[0]?.dataIndex ?? 0) : marks.dataIndex;
          const rows = lines.flatMap(({ name, cells }, line) => {
            const cell = cells[first + at];
            if (!cell) return [];
            return [
              {
                color: 1 < lines.length ? palette.series[line % palette.series.length] : palette.accent,
                name,
                value: `${format.share(cell.rate)} · ${format.integer(cell.of)}`,
              },
            ];
          });
          return tooltipContent(periodName(first + at), rows);
        },
      },
      series: lines.map(({ name, cells }) => ({
        type: "line" as const,
        name,
        symbolSize: 7,
        lineStyle: { width: 2.5 },
        data: cells.slice(first).map(({ rate }) => rate),
      })),
    }),
    [lines, report.cells, first, format, palette, narrow, periodName],
  );
  const told = report.cells.map((cell, period) => `${period}: ${format.percent(cell.rate)}`);
  return (
    <Chart option={option} height={narrow ? 220 : 260} label={t("retention.chart_label", { rates: told.join(", ") })} />
  );
}
