import { label } from "../../api/labels";
import type { FunnelReport, FunnelStep } from "../../api/types";
import type { ChartOption } from "../../ui/Chart";
import { tooltipContent, tooltipStyle } from "../../ui/chartTooltip";
import type { Format } from "../../ui/format";
import type { Palette } from "../../ui/palette";
import { groupName } from "./groups";
import type { Dimension } from "./spec";

/** Groups that a reader can still tell apart side by side; the table has them all. */
export const GROUPS_DRAWN = 6;

type Look = {
  format: Format;
  palette: Palette;
  narrow: boolean;
  words: { reached: string; dropped: string; none: string };
};

/** One bar a step: who reached it, and above them who was lost on the way to it. */
export function steppedOption({ steps }: FunnelReport, { format, palette, narrow, words }: Look): ChartOption {
  return {
    ...frame(steps, { format, palette, narrow }),
    yAxis: valueAxis(palette, (value) => format.compact(value)),
    tooltip: {
      trigger: "item",
      ...tooltipStyle(palette),
      formatter: (mark) => {
        const at = Array.isArray(mark) ? -1 : mark.dataIndex;
        const step = steps[at];
        if (!step) return "";
        return tooltipContent(label("event", step.event), [
          {
            color: palette.accent,
            name: words.reached,
            value: `${format.integer(step.profiles)} · ${format.percent(step.rate)}`,
          },
          ...(0 < at
            ? [
                {
                  color: palette.ghost,
                  name: words.dropped,
                  value: `${format.integer(lost(steps, at))} · ${format.percent(1 - step.step_rate)}`,
                },
              ]
            : []),
        ]);
      },
    },
    series: [
      {
        type: "bar",
        stack: "people",
        barMaxWidth: 120,
        barCategoryGap: "28%",
        cursor: "pointer",
        itemStyle: { color: palette.accent, borderRadius: [4, 4, 0, 0] },
        emphasis: { itemStyle: { opacity: 0.86 } },
        data: steps.map(({ profiles }) => profiles),
      },
      {
        type: "bar",
        stack: "people",
        cursor: "pointer",
        itemStyle: { color: palette.ghost, borderRadius: [6, 6, 0, 0], decal: undefined },
        emphasis: { itemStyle: { color: palette.bad, opacity: 0.5 } },
        label: {
          show: true,
          position: "top",
          distance: 6,
          formatter: ({ dataIndex }) =>
            `{share|${format.percent(steps[dataIndex]?.rate ?? 0)}}\n{people|${format.compact(steps[dataIndex]?.profiles ?? 0)}}`,
          rich: {
            share: {
              fontFamily: palette.font,
              fontSize: narrow ? 12 : 14,
              fontWeight: 650,
              color: palette.ink,
              lineHeight: 18,
              align: "center",
            },
            people: {
              fontFamily: palette.font,
              fontSize: narrow ? 10.5 : 12,
              color: palette.dim,
              lineHeight: 15,
              align: "center",
            },
          },
        },
        // Zero is drawn too: the label above the bar hangs on this series.
        data: steps.map((_, at) => lost(steps, at)),
      },
    ],
  };
}

/** The groups that the chart draws, by name. */
export function drawnGroups({ groups }: FunnelReport, dimension: Dimension, none: string): Drawn[] {
  return groups
    .slice(0, GROUPS_DRAWN)
    .map((group) => ({ name: groupName(group.by, dimension) ?? none, steps: group.steps }));
}

/** Some people, by how far they got. */
export type Drawn = { name: string; steps: FunnelStep[] };

/** For each step the share of the first step, the groups side by side. */
export function groupedOption(
  { steps }: FunnelReport,
  drawn: Drawn[],
  { format, palette, narrow, words }: Look,
): ChartOption {
  return {
    ...frame(steps, { format, palette, narrow }),
    color: palette.series,
    legend: {
      type: "plain",
      top: 0,
      left: 0,
      icon: "roundRect",
      itemWidth: 10,
      itemHeight: 10,
      textStyle: { color: palette.ink, fontFamily: palette.font },
    },
    grid: { left: 4, right: 4, top: narrow ? 64 : 40, bottom: 4, outerBoundsMode: "same" },
    yAxis: { ...valueAxis(palette, (value) => format.percent(value)), max: 1, interval: 0.25 },
    tooltip: {
      trigger: "item",
      ...tooltipStyle(palette),
      formatter: (mark) => {
        if (Array.isArray(mark) || mark.seriesIndex === undefined) return "";
        const step = drawn[mark.seriesIndex]?.steps[mark.dataIndex];
        if (!step) return "";
        return tooltipContent(`${drawn[mark.seriesIndex]?.name}: ${label("event", step.event)}`, [
          {
            color: palette.series[mark.seriesIndex],
            name: words.reached,
            value: `${format.integer(step.profiles)} · ${format.percent(step.rate)}`,
          },
        ]);
      },
    },
    series: drawn.map((group) => ({
      type: "bar" as const,
      name: group.name,
      barMaxWidth: 34,
      barGap: "12%",
      cursor: "pointer",
      itemStyle: { borderRadius: [4, 4, 0, 0] },
      data: group.steps.map(({ rate }) => rate),
    })),
  };
}

/** How many came to the step before and not to this one. */
export function lost(steps: FunnelStep[], at: number): number {
  const step = steps[at];
  const before = steps[at - 1];
  return step && before ? before.profiles - step.profiles : 0;
}

function frame(steps: FunnelStep[], { palette, narrow }: Pick<Look, "format" | "palette" | "narrow">): ChartOption {
  return {
    animationDuration: 300,
    grid: { left: 4, right: 4, top: 44, bottom: 4, outerBoundsMode: "same" },
    xAxis: {
      type: "category",
      data: steps.map(({ event }, at) => `${at + 1}. ${label("event", event)}`),
      axisLine: { lineStyle: { color: palette.line } },
      axisTick: { show: false },
      axisLabel: {
        color: palette.ink,
        fontFamily: palette.font,
        fontSize: narrow ? 10.5 : 12.5,
        interval: 0,
        width: narrow ? 62 : 130,
        overflow: "break",
      },
    },
  };
}

/** An axis of numbers, with faint lines across the chart. */
export function valueAxis(palette: Palette, formatter: (value: number) => string) {
  return {
    type: "value" as const,
    splitNumber: 4,
    axisLabel: { color: palette.dim, fontFamily: palette.font, formatter },
    splitLine: { lineStyle: { color: palette.line } },
  };
}
