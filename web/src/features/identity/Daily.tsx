import { Table, Text } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconChartBar } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Chart, type ChartOption } from "../../ui/Chart";
import { tooltipContent, tooltipStyle } from "../../ui/chartTooltip";
import type { Format } from "../../ui/format";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { usePalette, type Palette } from "../../ui/palette";
import { Empty } from "../../ui/states";
import classes from "./Identity.module.css";
import type { Counted, Row } from "./report";

/** A chart by day, and the totals of its rows in a table. */
export function Daily({
  title,
  hint,
  empty,
  what,
  rows,
  nameOf,
}: {
  title: string;
  hint: string;
  empty: string;
  what: Counted;
  rows: Row[];
  nameOf: (name: string) => string;
}) {
  const format = useFormat();
  const palette = usePalette();
  const narrow = useMediaQuery("(max-width: 48em)");
  const option = dailyOption({ days: what.days, rows, nameOf, format, palette });
  return (
    <Card title={title} hint={hint}>
      {rows.length === 0 ? (
        <Empty icon={IconChartBar} title={empty} />
      ) : (
        <>
          <Chart option={option} height={narrow ? 200 : 240} label={title} />
          <Totals rows={rows} nameOf={nameOf} colors={palette.series} />
        </>
      )}
    </Card>
  );
}

/** The rows in words; with `colors` it is the chart's legend too. */
export function Totals({ rows, nameOf, colors }: { rows: Row[]; nameOf: (name: string) => string; colors?: string[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const all = rows.reduce((sum, { total }) => sum + total, 0);
  return (
    <Table verticalSpacing={5} horizontalSpacing={6} fz="sm" mt="sm">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("identity.what")}</Table.Th>
          <Table.Th className="num">{t("identity.times")}</Table.Th>
          <Table.Th className="num">{t("identity.part")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map(({ name, total }, at) => (
          <Table.Tr key={name}>
            <Table.Td>
              {colors && <i className={classes.dot} style={{ background: colors[at % colors.length] }} aria-hidden />}
              {capital(nameOf(name))}
            </Table.Td>
            <Table.Td className="num">{format.integer(total)}</Table.Td>
            <Table.Td className="num">{format.share(total / all)}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
      {1 < rows.length && (
        <Table.Tfoot>
          <Table.Tr>
            <Table.Th>
              <Text span size="sm" fw={600}>
                {t("identity.all")}
              </Text>
            </Table.Th>
            <Table.Th className="num">{format.integer(all)}</Table.Th>
            <Table.Th className="num">{format.share(1)}</Table.Th>
          </Table.Tr>
        </Table.Tfoot>
      )}
    </Table>
  );
}

/** Words that stand within sentences elsewhere begin a line here. */
const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

function dailyOption({
  days,
  rows,
  nameOf,
  format,
  palette,
}: {
  days: string[];
  rows: Row[];
  nameOf: (name: string) => string;
  format: Format;
  palette: Palette;
}): ChartOption {
  const color = (at: number) => palette.series[at % palette.series.length] ?? palette.accent;
  return {
    animationDuration: 350,
    grid: { left: 4, right: 8, top: 12, bottom: 0, outerBoundsMode: "same" },
    xAxis: {
      type: "category",
      data: days,
      axisLine: { lineStyle: { color: palette.line } },
      axisTick: { show: false },
      axisLabel: {
        color: palette.dim,
        fontFamily: palette.font,
        formatter: (day: string) => format.day(day),
        hideOverlap: true,
      },
    },
    yAxis: {
      type: "value",
      minInterval: 1,
      axisLabel: { color: palette.dim, fontFamily: palette.font, formatter: (value: number) => format.compact(value) },
      splitLine: { lineStyle: { color: palette.line } },
    },
    tooltip: {
      trigger: "axis",
      axisPointer: { type: "shadow" },
      ...tooltipStyle(palette),
      formatter: (points) => {
        const at = Array.isArray(points) ? (points[0]?.dataIndex ?? 0) : points.dataIndex;
        const shown = rows.map((row, place) => ({ row, place })).filter(({ row }) => 0 < (row.counts[at] ?? 0));
        return tooltipContent(
          format.dayLong(days[at] ?? ""),
          shown.map(({ row, place }) => ({
            color: color(place),
            name: capital(nameOf(row.name)),
            value: format.integer(row.counts[at] ?? 0),
          })),
        );
      },
    },
    series: rows.map((row, at) => ({
      type: "bar",
      stack: "all",
      barMaxWidth: 26,
      name: capital(nameOf(row.name)),
      data: row.counts,
      itemStyle: { color: color(at) },
    })),
  };
}
