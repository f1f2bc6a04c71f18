import { Table } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import type { FunnelReport } from "../../api/types";
import { Chart, type ChartOption } from "../../ui/Chart";
import { tooltipContent, tooltipStyle } from "../../ui/chartTooltip";
import { useFormat } from "../../ui/FormatContext";
import { usePalette } from "../../ui/palette";
import { WideTable } from "../../ui/WideTable";
import { valueAxis } from "./chartOptions";
import classes from "./Funnel.module.css";

/** By when people entered: how many, and what share came to the end; dashed where more may still come. */
export function TrendChart({ report: { steps, trend } }: { report: FunnelReport }) {
  const { t } = useTranslation();
  const format = useFormat();
  const palette = usePalette();
  const narrow = useMediaQuery("(max-width: 48em)") ?? false;
  const last = label("event", steps.at(-1)?.event ?? "");
  const first = label("event", steps[0]?.event ?? "");
  const option = useMemo<ChartOption>(() => {
    const share = (at: number) => shareOf(trend[at]);
    const open = trend.findIndex(({ is_complete }) => !is_complete);
    const closed = open === -1 ? trend.length : open;
    const line = (name: string, dashed: boolean, has: (at: number) => boolean) => ({
      type: "line" as const,
      name,
      yAxisIndex: 1,
      symbol: "circle",
      symbolSize: 5,
      showSymbol: trend.length < 40,
      lineStyle: { width: 2.25, ...(dashed && { type: "dashed" as const }) },
      itemStyle: { color: palette.accent },
      data: trend.map((_, at) => (has(at) ? share(at) : null)),
    });
    return {
      animation: false,
      grid: { left: 4, right: 4, top: 16, bottom: 4, outerBoundsMode: "same" },
      xAxis: {
        type: "category",
        data: trend.map(({ start }) => format.date(start)),
        axisLine: { lineStyle: { color: palette.line } },
        axisTick: { show: false },
        axisLabel: { color: palette.dim, fontFamily: palette.font, fontSize: 11, hideOverlap: true },
      },
      yAxis: [
        {
          ...valueAxis(palette, (value) => format.compact(value)),
          splitNumber: 3,
          minInterval: 1,
          position: "right",
          splitLine: { show: false },
        },
        { ...valueAxis(palette, (value) => format.share(value)), splitNumber: 3, min: 0, position: "left" },
      ],
      tooltip: {
        trigger: "axis",
        ...tooltipStyle(palette),
        formatter: (marks) => {
          const [mark] = Array.isArray(marks) ? marks : [marks];
          const period = trend[mark?.dataIndex ?? -1];
          if (!period) return "";
          const rows = steps.map(({ event }, at) => ({
            color: at === 0 ? palette.ghost : at === steps.length - 1 ? palette.accent : undefined,
            name: label("event", event),
            value:
              format.integer(period.profiles[at] ?? 0) +
              (at === 0 ? "" : ` · ${format.share((period.profiles[at] ?? 0) / Math.max(1, period.profiles[0] ?? 0))}`),
          }));
          const title = format.date(period.start);
          return tooltipContent(period.is_complete ? title : `${title} · ${t("funnel.trend.open")}`, rows);
        },
      },
      series: [
        {
          type: "bar",
          name: first,
          yAxisIndex: 0,
          barCategoryGap: "30%",
          itemStyle: { color: palette.ghost, borderRadius: [3, 3, 0, 0] },
          data: trend.map(({ profiles }) => profiles[0] ?? 0),
        },
        line(last, false, (at) => at < closed),
        line(last, true, (at) => closed - 1 <= at),
      ],
    };
  }, [steps, trend, first, last, format, palette, t]);
  return (
    <>
      <p className={classes.legend}>
        <span>
          <i data-mark="bar" aria-hidden />
          {t("funnel.trend.entered", { step: first })}
        </span>
        <span>
          <i data-mark="line" aria-hidden />
          {t("funnel.trend.share", { step: last })}
        </span>
        <span>
          <i data-mark="dashed" aria-hidden />
          {t("funnel.trend.open")}
        </span>
      </p>
      <Chart
        option={option}
        height={narrow ? 200 : 240}
        label={t("funnel.trend.label", {
          step: last,
          shares: trend.map((period) => `${format.date(period.start)} ${format.share(shareOf(period))}`).join(", "),
        })}
      />
      <details className={classes.details}>
        <summary>{t("funnel.trend.table")}</summary>
        <WideTable label={t("funnel.trend.title")} minWidth={160 + steps.length * 110} verticalSpacing={6}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t("funnel.trend.from")}</Table.Th>
              {steps.map(({ event }, at) => (
                <Table.Th key={at} className="num">
                  {label("event", event)}
                </Table.Th>
              ))}
              <Table.Th className="num">{t("funnel.column.rate")}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {trend.map((period) => (
              <Table.Tr key={period.start}>
                <Table.Td className="nowrap">
                  {format.date(period.start)}
                  {!period.is_complete && <span className={classes.share}>{t("funnel.trend.open")}</span>}
                </Table.Td>
                {period.profiles.map((profiles, at) => (
                  <Table.Td key={at} className="num">
                    {format.integer(profiles)}
                  </Table.Td>
                ))}
                <Table.Td className="num">{format.share(shareOf(period))}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </WideTable>
      </details>
    </>
  );
}

function shareOf(period: FunnelReport["trend"][number] | undefined): number {
  const [first = 0] = period?.profiles ?? [];
  return first === 0 ? 0 : (period?.profiles.at(-1) ?? 0) / first;
}
