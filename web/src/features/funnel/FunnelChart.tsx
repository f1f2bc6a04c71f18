import { useMediaQuery } from "@mantine/hooks";
import { useCallback, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import type { FunnelReport } from "../../api/types";
import { Chart, type Pick } from "../../ui/Chart";
import { useFormat } from "../../ui/FormatContext";
import { usePalette } from "../../ui/palette";
import { drawnGroups, groupedOption, GROUPS_DRAWN, steppedOption } from "./chartOptions";
import type { Crowd } from "./queries";
import type { Dimension } from "./spec";

/** Bars that shrink from step to step; a click on a bar asks for its people. */
export function FunnelChart({
  report,
  dimension,
  comparedName,
  onCrowd,
}: {
  report: FunnelReport;
  dimension: Dimension | undefined;
  comparedName: string | undefined;
  onCrowd: (crowd: Crowd) => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const palette = usePalette();
  const narrow = useMediaQuery("(max-width: 48em)") ?? false;
  const option = useMemo(() => {
    const look = {
      format,
      palette,
      narrow,
      words: { reached: t("funnel.reached"), dropped: t("funnel.dropped"), none: t("funnel.no_value") },
    };
    if (dimension) return groupedOption(report, drawnGroups(report, dimension, look.words.none), look);
    if (!report.compared) return steppedOption(report, look);
    const both = [
      { name: t("funnel.compare.own"), steps: report.steps },
      { name: comparedName ?? "", steps: report.compared.steps },
    ];
    return groupedOption(report, both, look);
  }, [report, dimension, comparedName, format, palette, narrow, t]);

  const pick = useCallback(
    ({ seriesIndex, dataIndex }: Pick) => {
      const step = dataIndex + 1;
      // Who is compared with is another report's people.
      if (!dimension && report.compared && seriesIndex === 1) return;
      const group = dimension ? report.groups[seriesIndex] : undefined;
      // Nobody drops out before the first step: what stands above its bar is only the label.
      const dropped = !dimension && !report.compared && seriesIndex === 1 && 0 < dataIndex;
      onCrowd({ step, outcome: dropped ? "dropped" : "reached", ...(group && { by: group.by }) });
    },
    [dimension, report.groups, report.compared, onCrowd],
  );

  const name = report.steps.map(({ event, rate }) => `${label("event", event)} ${format.percent(rate)}`).join(", ");
  return (
    <>
      <Chart
        option={option}
        height={narrow ? 260 : 320}
        label={t("funnel.chart_label", { steps: name })}
        onPick={pick}
      />
      {dimension && GROUPS_DRAWN < report.groups.length && (
        <p style={{ margin: "8px 0 0", fontSize: 12, color: "var(--mantine-color-dimmed)" }}>
          {t("funnel.groups_drawn", { count: GROUPS_DRAWN, all: format.integer(report.groups.length) })}
        </p>
      )}
    </>
  );
}
