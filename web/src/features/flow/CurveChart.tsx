import { useMediaQuery } from "@mantine/hooks";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { FlowReport } from "../../api/types";
import type { Dimension } from "../../report/eventFilter";
import { Chart, type ChartOption } from "../../ui/Chart";
import { tooltipContent, tooltipStyle } from "../../ui/chartTooltip";
import { useFormat } from "../../ui/FormatContext";
import { usePalette } from "../../ui/palette";
import { at, axisOf, bandOf, lineOf } from "./curve";
import { useWords } from "./words";

/** Groups whose bands a reader can still tell apart; the table has them all. */
const GROUPS_DRAWN = 4;

/** The share that has moved on from a stage, by time since entering it: of all, or of each group, with its band. */
export function CurveChart({
  report,
  dimensions,
  stage,
}: {
  report: FlowReport;
  dimensions: Dimension[];
  stage: number;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const palette = usePalette();
  const narrow = useMediaQuery("(max-width: 48em)") ?? false;
  const { groupName } = useWords(report.ages_s, dimensions);
  const lines = useMemo(() => {
    const known = report.groups.flatMap(({ by, stages }) => {
      const curve = stages[stage - 1]?.curve ?? [];
      return 0 < curve.length ? [{ name: groupName(by), curve }] : [];
    });
    return 0 < known.length
      ? known.slice(0, GROUPS_DRAWN)
      : [{ name: t("flow.all"), curve: report.stages[stage - 1]?.curve ?? [] }];
  }, [report, stage, groupName, t]);
  const axis = axisOf(
    lines.map(({ curve }) => curve),
    report.within_s,
  );
  const colour = (line: number) =>
    (1 < lines.length ? palette.series[line % palette.series.length] : undefined) ?? palette.accent;
  const option: ChartOption = {
    animation: false,
    grid: { left: 4, right: 16, top: 1 < lines.length ? (narrow ? 64 : 40) : 16, bottom: 24, outerBoundsMode: "same" },
    legend: {
      show: 1 < lines.length,
      top: 0,
      left: 0,
      icon: "roundRect",
      itemWidth: 10,
      itemHeight: 10,
      data: lines.map(({ name }) => name),
      textStyle: { color: palette.ink, fontFamily: palette.font },
    },
    xAxis: {
      type: "value",
      min: 0,
      max: axis.end_s / axis.unit_s,
      name: t(axis.unit_s === 3_600 ? "flow.axis.hours" : "flow.axis.days"),
      nameLocation: "middle",
      nameGap: 26,
      nameTextStyle: { color: palette.dim, fontFamily: palette.font },
      axisLine: { lineStyle: { color: palette.line } },
      axisLabel: {
        color: palette.ink,
        fontFamily: palette.font,
        showMaxLabel: false,
        formatter: (value: number) => format.decimal(value),
      },
      splitLine: { show: false },
    },
    yAxis: {
      type: "value",
      min: 0,
      max: 1,
      interval: 0.25,
      axisLabel: { color: palette.dim, fontFamily: palette.font, formatter: (value: number) => format.percent(value) },
      splitLine: { lineStyle: { color: palette.line } },
    },
    tooltip: {
      trigger: "axis",
      ...tooltipStyle(palette),
      formatter: (marks) => {
        const [mark] = Array.isArray(marks) ? marks : [marks];
        const after_s = Number(Array.isArray(mark?.value) ? mark.value[0] : 0) * axis.unit_s;
        const rows = lines.flatMap(({ name, curve }, line) => {
          const point = at(curve, after_s);
          if (!point) return [];
          const { share, low, high } = point;
          const band =
            low === null || high === null
              ? ""
              : ` (${t("flow.interval", { low: format.percent(low), high: format.percent(high) })})`;
          return [{ color: colour(line), name, value: `${format.percent(share)}${band}` }];
        });
        return tooltipContent(t("flow.after", { time: format.duration(after_s) }), rows);
      },
    },
    series: [
      ...lines.map(({ curve }, line) => ({
        type: "custom" as const,
        silent: true,
        clip: true,
        z: 1,
        tooltip: { show: false },
        data: [[0, 0]],
        renderItem: (_: unknown, draw: { coord: (corner: number[]) => number[] }) => ({
          type: "polygon" as const,
          shape: { points: bandOf(curve, axis).map((corner) => draw.coord(corner)) },
          style: { fill: colour(line), opacity: 0.15 },
        }),
      })),
      ...lines.map(({ name, curve }, line) => ({
        type: "line" as const,
        name,
        showSymbol: false,
        z: 3,
        lineStyle: { width: 2.25 },
        itemStyle: { color: colour(line) },
        data: lineOf(curve, axis),
      })),
    ],
  };
  const told = lines.map(({ name, curve }) => {
    const point = at(curve, Math.min(report.within_s, axis.end_s));
    return `${name} ${point ? format.percent(point.share) : t("ui.none")}`;
  });
  return (
    <Chart option={option} height={narrow ? 260 : 300} label={t("flow.curve_label", { shares: told.join(", ") })} />
  );
}
