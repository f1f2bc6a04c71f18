import { useMediaQuery } from "@mantine/hooks";
import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import type { FlowReport } from "../../api/types";
import { Chart, type ChartOption, type Pick } from "../../ui/Chart";
import { tooltipContent, tooltipStyle } from "../../ui/chartTooltip";
import { useFormat } from "../../ui/FormatContext";
import { usePalette } from "../../ui/palette";
import type { Crowd } from "./queries";
import { useWords } from "./words";

/** Who waits at each stage, by how long they have: the longer, the more the colour warns. A click asks for the people. */
export function AgeChart({ report, onCrowd }: { report: FlowReport; onCrowd: (crowd: Crowd) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const palette = usePalette();
  const narrow = useMediaQuery("(max-width: 48em)") ?? false;
  const { ageName } = useWords(report.ages_s, []);
  // At the last stage nobody waits.
  const stages = report.stages.slice(0, -1);
  const classes = report.ages_s.length + 1;
  const amber = palette.series[1] ?? palette.bad;
  const colour = (age: number) => {
    const part = (2 * age) / Math.max(1, classes - 1);
    return part < 1 ? mixed(palette.accent, amber, part) : mixed(amber, palette.bad, part - 1);
  };
  const option: ChartOption = {
    animationDuration: 300,
    grid: { left: 4, right: 24, top: narrow ? 96 : 44, bottom: 4, outerBoundsMode: "same" },
    legend: {
      top: 0,
      left: 0,
      icon: "roundRect",
      itemWidth: 10,
      itemHeight: 10,
      textStyle: { color: palette.ink, fontFamily: palette.font },
    },
    xAxis: {
      type: "value",
      minInterval: 1,
      axisLabel: { color: palette.dim, fontFamily: palette.font, formatter: (value: number) => format.compact(value) },
      splitLine: { lineStyle: { color: palette.line } },
    },
    yAxis: {
      type: "category",
      inverse: true,
      data: stages.map(({ event }) => label("event", event)),
      axisLine: { lineStyle: { color: palette.line } },
      axisTick: { show: false },
      axisLabel: {
        color: palette.ink,
        fontFamily: palette.font,
        width: narrow ? 96 : 170,
        overflow: "break",
      },
    },
    tooltip: {
      trigger: "axis",
      axisPointer: { type: "shadow" },
      ...tooltipStyle(palette),
      formatter: (marks) => {
        const stage = stages[Array.isArray(marks) ? (marks[0]?.dataIndex ?? 0) : marks.dataIndex];
        if (!stage) return "";
        const rows = stage.ages.map((count, age) => ({
          color: colour(age),
          name: ageName(age),
          value: format.integer(count),
        }));
        return tooltipContent(label("event", stage.event), rows);
      },
    },
    series: Array.from({ length: classes }, (_, age) => ({
      type: "bar" as const,
      stack: "stock",
      name: ageName(age),
      barMaxWidth: 26,
      cursor: "pointer",
      itemStyle: { color: colour(age) },
      data: stages.map(({ ages }) => ages[age] ?? 0),
    })),
  };
  const pick = useCallback(
    ({ seriesIndex, dataIndex }: Pick) => onCrowd({ stage: dataIndex + 1, outcome: "waits", age: seriesIndex }),
    [onCrowd],
  );
  const told = stages.map(({ event, stock }) => `${label("event", event)} ${format.integer(stock)}`);
  const height = (narrow ? 110 : 60) + 44 * stages.length;
  return (
    <Chart option={option} height={height} label={t("flow.ages_label", { stages: told.join(", ") })} onPick={pick} />
  );
}

/** A colour between two given as `#rrggbb`. */
function mixed(from: string, to: string, part: number): string {
  const channel = (colour: string, at: number) => Number.parseInt(colour.slice(1 + 2 * at, 3 + 2 * at), 16);
  const mix = [0, 1, 2].map((at) => Math.round(channel(from, at) * (1 - part) + channel(to, at) * part));
  return `rgb(${mix.join(", ")})`;
}
