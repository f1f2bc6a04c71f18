import { useMediaQuery } from "@mantine/hooks";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { FunnelReport } from "../../api/types";
import { Chart, type ChartOption } from "../../ui/Chart";
import { tooltipContent, tooltipStyle } from "../../ui/chartTooltip";
import { useFormat } from "../../ui/FormatContext";
import { usePalette } from "../../ui/palette";
import { valueAxis } from "./chartOptions";
import classes from "./Funnel.module.css";

/** How long people took from the first step to the last: who was done within what, and the whole spread. */
export function TimeChart({ time }: { time: NonNullable<FunnelReport["conversion_time"]> }) {
  const { t } = useTranslation();
  const format = useFormat();
  const palette = usePalette();
  const narrow = useMediaQuery("(max-width: 48em)") ?? false;
  const option = useMemo<ChartOption>(() => {
    const name = ({ from_s, to_s }: (typeof time.bars)[number]) =>
      to_s === null
        ? t("funnel.time.longer", { from: format.duration(from_s) })
        : t("funnel.time.between", { from: format.duration(from_s), to: format.duration(to_s) });
    return {
      animationDuration: 300,
      grid: { left: 4, right: 4, top: 12, bottom: 4, outerBoundsMode: "same" },
      xAxis: {
        type: "category",
        data: time.bars.map(({ from_s }) => (from_s === 0 ? "0" : format.duration(from_s))),
        axisLine: { lineStyle: { color: palette.line } },
        axisTick: { show: false },
        axisLabel: { color: palette.dim, fontFamily: palette.font, fontSize: 11, hideOverlap: true },
      },
      yAxis: { ...valueAxis(palette, (value) => format.compact(value)), splitNumber: 3, minInterval: 1 },
      tooltip: {
        trigger: "item",
        ...tooltipStyle(palette),
        formatter: (mark) => {
          const bar = Array.isArray(mark) ? undefined : time.bars[mark.dataIndex];
          if (!bar) return "";
          const share = format.share(bar.profiles / time.profiles);
          const value = `${format.integer(bar.profiles)} · ${share}`;
          return tooltipContent(name(bar), [{ color: palette.accent, name: t("funnel.time.people"), value }]);
        },
      },
      series: [
        {
          type: "bar",
          barCategoryGap: "12%",
          itemStyle: { color: palette.accent, borderRadius: [3, 3, 0, 0] },
          data: time.bars.map(({ profiles }) => profiles),
        },
      ],
    };
  }, [time, format, palette, t]);
  const facts = [
    ["p25", time.p25_s],
    ["median", time.median_s],
    ["p75", time.p75_s],
    ["p90", time.p90_s],
  ] as const;
  return (
    <>
      <dl className={classes.facts}>
        {facts.map(([key, seconds]) => (
          <div key={key}>
            <dt>{t(`funnel.time.${key}`)}</dt>
            <dd>{format.duration(seconds)}</dd>
          </div>
        ))}
      </dl>
      <Chart
        option={option}
        height={narrow ? 180 : 220}
        label={t("funnel.time.label", {
          people: format.integer(time.profiles),
          median: format.duration(time.median_s),
        })}
      />
    </>
  );
}
