import { useMediaQuery } from "@mantine/hooks";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { AttributionReport } from "../../api/types";
import { Chart, type ChartOption } from "../../ui/Chart";
import { tooltipContent, tooltipStyle } from "../../ui/chartTooltip";
import { useFormat } from "../../ui/FormatContext";
import { usePalette } from "../../ui/palette";
import { figureOf, figureText, keyName } from "./figures";
import { MODELS, type Figure, type Model } from "./spec";

/** Rows that a reader can still tell apart; the table has them all. */
const ROWS_DRAWN = { narrow: 6, wide: 10 };

/** The chosen models side by side, row by row. */
export function AttributionChart({
  report,
  figure,
  models,
}: {
  report: AttributionReport;
  figure: Figure;
  models: Model[];
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const palette = usePalette();
  const narrow = useMediaQuery("(max-width: 48em)") ?? false;
  const rows = useMemo(() => report.rows.slice(0, narrow ? ROWS_DRAWN.narrow : ROWS_DRAWN.wide), [report.rows, narrow]);
  const option = useMemo<ChartOption>(() => {
    const text = (value: number) => figureText(format, report, figure, value);
    const value = (row: (typeof rows)[number], model: Model) => {
      const credit = row.credits[MODELS.indexOf(model)];
      return credit ? figureOf(credit, figure) : null;
    };
    return {
      animationDuration: 300,
      color: palette.series,
      grid: { left: 4, right: 12, top: narrow ? 64 : 40, bottom: 4, outerBoundsMode: "same" },
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
        data: rows.map((row) => keyName(t, report.by, row.by)),
        axisLine: { lineStyle: { color: palette.line } },
        axisTick: { show: false },
        axisLabel: {
          color: palette.ink,
          fontFamily: palette.font,
          interval: 0,
          width: narrow ? 48 : 92,
          overflow: "break",
          fontSize: narrow ? 9 : 12,
        },
      },
      yAxis: {
        type: "value",
        splitNumber: 4,
        axisLabel: {
          color: palette.dim,
          fontFamily: palette.font,
          formatter: (amount: number) =>
            figure === "romi" || figure === "drr" ? format.percent(amount) : format.compact(amount),
        },
        splitLine: { lineStyle: { color: palette.line } },
      },
      tooltip: {
        trigger: "axis",
        axisPointer: { type: "shadow" },
        ...tooltipStyle(palette),
        formatter: (marks) => {
          const at = Array.isArray(marks) ? (marks[0]?.dataIndex ?? 0) : marks.dataIndex;
          const row = rows[at];
          if (!row) return "";
          const lines = models.map((model, line) => {
            const amount = value(row, model);
            return {
              color: palette.series[line % palette.series.length],
              name: t(`attribution.model.${model}`),
              value: amount === null ? t("ui.none") : text(amount),
            };
          });
          return tooltipContent(keyName(t, report.by, row.by), lines);
        },
      },
      series: models.map((model) => ({
        type: "bar" as const,
        name: t(`attribution.model.${model}`),
        barMaxWidth: 26,
        barGap: "8%",
        itemStyle: { borderRadius: [4, 4, 0, 0] },
        data: rows.map((row) => value(row, model)),
      })),
    };
  }, [report, rows, figure, models, format, palette, narrow, t]);
  const names = rows.map((row) => keyName(t, report.by, row.by)).join(", ");
  return (
    <Chart
      option={option}
      height={narrow ? 260 : 320}
      label={t("attribution.chart_label", { figure: t(`attribution.figure.${figure}`), keys: names })}
    />
  );
}
