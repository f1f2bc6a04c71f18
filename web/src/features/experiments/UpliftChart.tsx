import { useMediaQuery } from "@mantine/hooks";
import { useTranslation } from "react-i18next";
import type { ExperimentReport } from "../../api/types";
import { Chart, type ChartOption } from "../../ui/Chart";
import { tooltipContent, tooltipStyle } from "../../ui/chartTooltip";
import { useFormat } from "../../ui/FormatContext";
import { usePalette } from "../../ui/palette";

/** Variants whose bands a reader can still tell apart; the table has them all. */
const VARIANTS_DRAWN = 4;

/** The uplift over the control as it stood at the end of each day, with its band: it closes in as people come. */
export function UpliftChart({ report }: { report: ExperimentReport }) {
  const { t } = useTranslation();
  const format = useFormat();
  const palette = usePalette();
  const narrow = useMediaQuery("(max-width: 48em)") ?? false;
  const lines = report.variants.slice(1, 1 + VARIANTS_DRAWN).map(({ name }, line) => ({
    name,
    colour: palette.series[line % palette.series.length] ?? palette.accent,
    points: report.days.flatMap(({ day, variants }, at) => {
      const uplift = variants[line + 1]?.uplift;
      return uplift ? [{ at, day, ...uplift }] : [];
    }),
  }));
  // The first days' bands are so wide that nothing else would be seen.
  const ends = lines.flatMap(({ points }) => points.slice(Math.floor(points.length / 5)));
  const high = Math.max(0.05, ...ends.map((point) => point.high));
  const low = Math.min(-0.05, ...ends.map((point) => point.low));
  const pad = 0.08 * (high - low);
  const option: ChartOption = {
    animation: false,
    grid: { left: 4, right: 16, top: 1 < lines.length ? (narrow ? 64 : 40) : 16, bottom: 4, outerBoundsMode: "same" },
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
      type: "category",
      boundaryGap: false,
      data: report.days.map(({ day }) => format.day(day)),
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { color: palette.ink, fontFamily: palette.font, hideOverlap: true },
    },
    yAxis: {
      type: "value",
      min: low - pad,
      max: high + pad,
      splitNumber: 4,
      axisLabel: {
        color: palette.dim,
        fontFamily: palette.font,
        showMinLabel: false,
        showMaxLabel: false,
        formatter: (value: number) => format.change(value),
      },
      splitLine: { lineStyle: { color: palette.line } },
    },
    tooltip: {
      trigger: "axis",
      ...tooltipStyle(palette),
      formatter: (marks) => {
        const [mark] = Array.isArray(marks) ? marks : [marks];
        const day = report.days[mark?.dataIndex ?? 0];
        if (!day) return "";
        const rows = lines.flatMap(({ name, colour }, line) => {
          const of = day.variants[line + 1];
          if (!of) return [];
          const value = of.uplift
            ? `${format.change(of.uplift.value)} (${t("report.interval", { low: format.change(of.uplift.low), high: format.change(of.uplift.high) })})`
            : t("report.verdict.too_early");
          return [{ color: colour, name, value }];
        });
        const people = day.variants.reduce((sum, of) => sum + of.people, 0);
        return tooltipContent(
          `${format.day(day.day)} · ${t("experiments.people", { count: people, people: format.integer(people) })}`,
          rows,
        );
      },
    },
    series: [
      ...lines.map(({ points, colour }) => ({
        type: "custom" as const,
        silent: true,
        clip: true,
        z: 1,
        tooltip: { show: false },
        data: [[0, 0]],
        renderItem: (_: unknown, draw: { coord: (corner: number[]) => number[] }) => ({
          type: "polygon" as const,
          shape: {
            points: [
              ...points.map(({ at, high }) => draw.coord([at, high])),
              ...points.toReversed().map(({ at, low }) => draw.coord([at, low])),
            ],
          },
          style: { fill: colour, opacity: 0.15 },
        }),
      })),
      ...lines.map(({ name, colour, points }) => ({
        type: "line" as const,
        name,
        showSymbol: points.length < 2,
        z: 3,
        lineStyle: { width: 2.25 },
        itemStyle: { color: colour },
        data: report.days.map((_, at) => points.find((point) => point.at === at)?.value ?? null),
        markLine: {
          silent: true,
          symbol: "none",
          label: { show: false },
          lineStyle: { color: palette.dim, type: "dashed" as const },
          data: [{ yAxis: 0 }],
        },
      })),
    ],
  };
  const told = lines.map(({ name, points }) => {
    const last = points.at(-1);
    return `${name} ${last ? format.change(last.value) : t("report.verdict.too_early")}`;
  });
  return (
    <Chart
      option={option}
      height={narrow ? 240 : 280}
      label={t("experiments.chart_label", { variants: told.join(", ") })}
    />
  );
}
