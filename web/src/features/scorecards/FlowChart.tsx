import { useTranslation } from "react-i18next";
import { Chart, type ChartOption } from "../../ui/Chart";
import { tooltipContent, tooltipStyle } from "../../ui/chartTooltip";
import { useFormat } from "../../ui/FormatContext";
import { usePalette } from "../../ui/palette";
import type { DeskReport } from "./api";
import { acyclic } from "./flow";
import classes from "./Scorecards.module.css";
import { usePlaceName } from "./words";

const BAD = new Set(["lost", "silent"]);

/** The ways of leads from queue to stage, as streams as broad as there are leads in them. */
export function FlowChart({ flow }: { flow: DeskReport["flow"] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const palette = usePalette();
  const name = usePlaceName();
  const links = acyclic(flow);
  const places = [...new Set(links.flatMap(({ from, to }) => [from, to]))];
  const inOf = (place: string) => links.reduce((sum, { to, count }) => (to === place ? sum + count : sum), 0);
  const outOf = (place: string) => links.reduce((sum, { from, count }) => (from === place ? sum + count : sum), 0);
  const colour = (place: string, at: number) =>
    BAD.has(place) ? palette.bad : (palette.series[at % palette.series.length] ?? palette.accent);
  const option: ChartOption = {
    tooltip: {
      trigger: "item",
      ...tooltipStyle(palette),
      formatter: (mark) => {
        if (Array.isArray(mark)) return "";
        if (mark.dataType === "edge") {
          const link = links[mark.dataIndex];
          if (!link) return "";
          return tooltipContent(`${name(link.from)} → ${name(link.to)}`, [
            { name: t("scorecards.column.leads"), value: format.integer(link.count) },
            { name: t("scorecards.column.share"), value: format.share(link.count / Math.max(1, outOf(link.from))) },
          ]);
        }
        const place = places[mark.dataIndex];
        if (place === undefined) return "";
        const count = Math.max(inOf(place), outOf(place));
        return tooltipContent(name(place), [{ name: t("scorecards.column.leads"), value: format.integer(count) }]);
      },
    },
    series: [
      {
        type: "sankey",
        left: 4,
        right: 130,
        top: 8,
        bottom: 8,
        nodeWidth: 12,
        nodeGap: 14,
        draggable: false,
        emphasis: { focus: "adjacency" },
        label: {
          color: palette.ink,
          fontFamily: palette.font,
          fontSize: 12,
          width: 122,
          overflow: "truncate",
          formatter: ({ dataIndex }) => name(places[dataIndex] ?? ""),
        },
        lineStyle: { color: "source", opacity: 0.28, curveness: 0.5 },
        data: places.map((place, at) => ({
          name: place,
          itemStyle: { color: colour(place, at), borderWidth: 0 },
        })),
        links: links.map(({ from, to, count }) => ({ source: from, target: to, value: count })),
      },
    ],
  };
  const told = links
    .toSorted((one, other) => other.count - one.count)
    .slice(0, 3)
    .map(({ from, to, count }) => `${name(from)} → ${name(to)}: ${format.integer(count)}`);
  return (
    <div className={classes.drawing} tabIndex={0} role="group" aria-label={t("scorecards.flow.title")}>
      <Chart option={option} height={400} label={t("scorecards.flow.label", { ways: told.join(", ") })} />
    </div>
  );
}
