import { useTranslation } from "react-i18next";
import { Chart, type ChartOption } from "../../ui/Chart";
import { tooltipContent, tooltipStyle } from "../../ui/chartTooltip";
import { useFormat } from "../../ui/FormatContext";
import { usePalette } from "../../ui/palette";
import type { Bin } from "./api";

/** Foretold against happened, tenth by tenth: on the diagonal the score says what is. */
export function Reliability({ bins, label }: { bins: Bin[]; label: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const palette = usePalette();
  const end = Math.min(1, 1.08 * Math.max(0.05, ...bins.flatMap(({ predicted, observed }) => [predicted, observed])));
  const axis = {
    type: "value" as const,
    min: 0,
    max: end,
    nameTextStyle: { color: palette.dim, fontFamily: palette.font, fontSize: 11.5 },
    axisLabel: {
      color: palette.dim,
      fontFamily: palette.font,
      fontSize: 11.5,
      showMaxLabel: false,
      formatter: (value: number) => format.percent(value),
    },
    splitLine: { lineStyle: { color: palette.line } },
    axisLine: { lineStyle: { color: palette.line } },
  };
  const option: ChartOption = {
    grid: { left: 6, right: 14, top: 28, bottom: 24, containLabel: true },
    tooltip: {
      trigger: "item",
      ...tooltipStyle(palette),
      formatter: (mark) => {
        const bin = bins[Array.isArray(mark) ? 0 : mark.dataIndex];
        return tooltipContent(
          t("lead_scores.tenth", { count: bin?.leads ?? 0, counted: format.integer(bin?.leads ?? 0) }),
          [
            { name: t("lead_scores.foretold"), value: format.share(bin?.predicted ?? 0) },
            { name: t("lead_scores.happened"), value: format.share(bin?.observed ?? 0) },
          ],
        );
      },
    },
    xAxis: { ...axis, name: t("lead_scores.foretold"), nameLocation: "middle", nameGap: 26 },
    yAxis: { ...axis, name: t("lead_scores.happened"), nameLocation: "end", nameGap: 10 },
    series: [
      {
        type: "line",
        data: [
          [0, 0],
          [end, end],
        ],
        symbol: "none",
        silent: true,
        lineStyle: { color: palette.dim, width: 1, type: "dashed" },
      },
      {
        type: "line",
        data: bins.map(({ predicted, observed }) => [predicted, observed]),
        symbol: "circle",
        symbolSize: 8,
        lineStyle: { color: palette.accent, width: 2 },
        itemStyle: { color: palette.accent },
      },
    ],
  };
  const told = bins.map(({ predicted, observed }) => `${format.share(predicted)}: ${format.share(observed)}`);
  return <Chart option={option} height={280} label={`${label}. ${told.join(", ")}`} />;
}
