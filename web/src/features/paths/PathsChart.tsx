import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import type { PathsReport, PathsSpec } from "../../api/types";
import { Chart, type ChartOption, type Pick } from "../../ui/Chart";
import { tooltipContent, tooltipStyle } from "../../ui/chartTooltip";
import { useFormat } from "../../ui/FormatContext";
import { usePalette } from "../../ui/palette";
import classes from "./Paths.module.css";
import type { Crowd } from "./queries";
import { useWords } from "./words";

/** All paths as streams from step to step; time goes to the right. A click on a place or a stream asks for its people. */
export function PathsChart({
  report,
  spec,
  onCrowd,
}: {
  report: PathsReport;
  spec: PathsSpec;
  onCrowd: (crowd: Crowd) => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const palette = usePalette();
  const { placeName, levelName } = useWords(spec);
  const { levels, links } = report;
  const places = levels.flatMap((level, at) => level.places.map((place, number) => ({ ...place, level: at, number })));
  const deepest = levels.length - 1;
  const key = (level: number, number: number) => `${level}/${number}`;
  // The same step has the same colour wherever it is.
  const kinds = [...new Set(places.map(({ element }) => placeName(element)))];
  const colour = (name: string, isOther: boolean) =>
    isOther ? palette.dim : (palette.series[kinds.indexOf(name) % palette.series.length] ?? palette.accent);
  const converted = (count: number | null, of: number) =>
    count === null
      ? []
      : [{ name: t("paths.converted"), value: `${format.integer(count)} · ${format.percent(count / of)}` }];

  const option: ChartOption = {
    tooltip: {
      trigger: "item",
      ...tooltipStyle(palette),
      formatter: (mark) => {
        if (Array.isArray(mark)) return "";
        if (mark.dataType === "edge") {
          const link = links[mark.dataIndex];
          const source = levels[link?.level ?? 0]?.places[link?.source ?? 0];
          const target = levels[(link?.level ?? 0) + 1]?.places[link?.target ?? 0];
          if (!link || !source || !target) return "";
          const ends = [source, target].map(({ element }) => placeName(element));
          return tooltipContent((spec.end ? ends.toReversed() : ends).join(" → "), [
            { name: t("paths.column.people"), value: format.integer(link.people) },
            ...converted(link.converted, link.people),
          ]);
        }
        const place = places[mark.dataIndex];
        if (!place) return "";
        return tooltipContent(`${levelName(place.level)}: ${placeName(place.element)}`, [
          {
            name: t("paths.column.people"),
            value: `${format.integer(place.people)} · ${format.percent(place.people / report.people)}`,
          },
          { name: t(spec.end ? "paths.began_here" : "paths.ended_here"), value: format.integer(place.ended) },
          ...converted(place.converted, place.people),
        ]);
      },
    },
    series: [
      {
        type: "sankey",
        left: 4,
        right: 120,
        top: 8,
        bottom: 8,
        nodeWidth: 12,
        nodeGap: 10,
        draggable: false,
        layoutIterations: 0,
        emphasis: { focus: "adjacency" },
        label: {
          color: palette.ink,
          fontFamily: palette.font,
          fontSize: 11.5,
          width: 112,
          overflow: "truncate",
          formatter: ({ dataIndex }) => placeName(places[dataIndex]?.element ?? null),
        },
        lineStyle: { color: "source", opacity: 0.28, curveness: 0.5 },
        data: places.map(({ element, level, number, people }) => ({
          name: key(level, number),
          value: people,
          depth: spec.end ? deepest - level : level,
          itemStyle: { color: colour(placeName(element), element === null), borderWidth: 0 },
        })),
        links: links.map(({ level, source, target, people }) => {
          const ends = [key(level, source), key(level + 1, target)];
          const [from, to] = spec.end ? ends.toReversed() : ends;
          return { source: from ?? "", target: to ?? "", value: people };
        }),
      },
    ],
  };
  const pick = useCallback(
    ({ dataIndex, dataType }: Pick) => {
      const at = (level: number, number: number) => ({
        level,
        element: levels[level]?.places[number]?.element ?? null,
      });
      if (dataType === "edge") {
        const link = links[dataIndex];
        if (link) onCrowd({ at: [at(link.level, link.source), at(link.level + 1, link.target)], ended: false });
        return;
      }
      const place = levels
        .flatMap((level, depth) => level.places.map(({ element }) => ({ level: depth, element })))
        .at(dataIndex);
      if (place) onCrowd({ at: [place], ended: false });
    },
    [levels, links, onCrowd],
  );
  const widest = Math.max(...levels.map((level) => level.places.length));
  const told = levels.map((level, at) => `${levelName(at)}: ${placeName(level.places[0]?.element ?? null)}`);
  return (
    <div className={classes.drawing} tabIndex={0} role="group" aria-label={t("paths.chart")}>
      <Chart
        option={option}
        height={Math.max(280, 44 * widest)}
        label={t("paths.chart_label", { steps: told.join(", ") })}
        onPick={pick}
      />
    </div>
  );
}
