import { Button, SegmentedControl, Table } from "@mantine/core";
import { useDisclosure, useMediaQuery } from "@mantine/hooks";
import { IconChartLine } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { SegmentDay } from "../../segment/api";
import { Chart, type ChartOption } from "../../ui/Chart";
import { tooltipContent, tooltipStyle } from "../../ui/chartTooltip";
import type { Format } from "../../ui/format";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { usePalette, type Palette } from "../../ui/palette";
import { Empty } from "../../ui/states";
import { WideTable } from "../../ui/WideTable";
import classes from "./Segments.module.css";

const SHOWN = ["size", "turns"] as const;
type Shown = (typeof SHOWN)[number];

/** How many were in it day by day, or who came and went; the same in a table. */
export function SizeChart({ history }: { history: SegmentDay[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const palette = usePalette();
  const narrow = useMediaQuery("(max-width: 48em)") ?? false;
  const [shown, setShown] = useState<Shown>("size");
  const [isTable, table] = useDisclosure(false);
  // Before the rule was set there is nothing to say of it.
  const days = useMemo(() => {
    const first = history.findIndex(({ size, entered, left }) => size !== null || 0 < entered + left);
    return first === -1 ? [] : history.slice(Math.max(0, Math.min(first, history.length - 7)));
  }, [history]);
  const words = { size: t("segments.column.size"), entered: t("segments.entered"), left: t("segments.left") };
  const option = useMemo(
    () =>
      shown === "size" ? sizeOption(days, format, palette, words.size) : turnsOption(days, format, palette, words),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the words change with the language, as `t` does
    [shown, days, format, palette, t],
  );
  return (
    <Card
      title={t("segments.over_time")}
      hint={t("segments.over_time_hint")}
      actions={
        <SegmentedControl
          size="xs"
          aria-label={t("segments.over_time")}
          data={SHOWN.map((value) => ({ value, label: t(`segments.shown.${value}`) }))}
          value={shown}
          onChange={(value) => setShown(value === "turns" ? "turns" : "size")}
        />
      }
    >
      {days.length === 0 ? (
        <Empty icon={IconChartLine} title={t("segments.no_history")} />
      ) : (
        <>
          <Chart option={option} height={narrow ? 200 : 250} label={t(`segments.shown.${shown}`)} />
          <Button size="compact-xs" variant="subtle" mt="xs" aria-expanded={isTable} onClick={table.toggle}>
            {t(isTable ? "segments.table_hide" : "segments.table_show")}
          </Button>
          {isTable && (
            <div className={classes.scroll} tabIndex={0} role="region" aria-label={t("segments.by_day")}>
              <WideTable label={t("segments.by_day")} minWidth={0} verticalSpacing={4} fz="sm">
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>{t("dimension.day")}</Table.Th>
                    <Table.Th className="num">{words.size}</Table.Th>
                    <Table.Th className="num">{words.entered}</Table.Th>
                    <Table.Th className="num">{words.left}</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {days.toReversed().map(({ day, size, entered, left }) => (
                    <Table.Tr key={day}>
                      <Table.Th scope="row">{format.day(day)}</Table.Th>
                      <Table.Td className="num">{size === null ? t("ui.none") : format.integer(size)}</Table.Td>
                      <Table.Td className="num">{format.integer(entered)}</Table.Td>
                      <Table.Td className="num">{format.integer(left)}</Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </WideTable>
            </div>
          )}
        </>
      )}
    </Card>
  );
}

function frame(days: SegmentDay[], format: Format, palette: Palette) {
  return {
    animationDuration: 300,
    grid: { left: 4, right: 12, top: 14, bottom: 4, outerBoundsMode: "same" as const },
    xAxis: {
      type: "category" as const,
      data: days.map(({ day }) => day),
      axisLine: { lineStyle: { color: palette.line } },
      axisTick: { show: false },
      axisLabel: {
        color: palette.dim,
        fontFamily: palette.font,
        hideOverlap: true,
        formatter: (day: string) => format.day(day),
      },
    },
    yAxis: {
      type: "value" as const,
      min: 0,
      minInterval: 1,
      splitNumber: 4,
      axisLabel: { color: palette.dim, fontFamily: palette.font, formatter: (value: number) => format.compact(value) },
      splitLine: { lineStyle: { color: palette.line } },
    },
  };
}

function sizeOption(days: SegmentDay[], format: Format, palette: Palette, name: string): ChartOption {
  return {
    ...frame(days, format, palette),
    tooltip: {
      trigger: "axis",
      ...tooltipStyle(palette),
      formatter: (marks) => {
        const day = days[Array.isArray(marks) ? (marks[0]?.dataIndex ?? 0) : marks.dataIndex];
        if (!day) return "";
        const value = day.size === null ? "–" : format.integer(day.size);
        return tooltipContent(format.dayLong(day.day), [{ color: palette.accent, name, value }]);
      },
    },
    series: [
      {
        type: "line",
        name,
        color: palette.accent,
        showSymbol: days.length < 32,
        symbolSize: 6,
        lineStyle: { width: 2.5 },
        areaStyle: { color: palette.accent, opacity: 0.1 },
        data: days.map(({ size }) => size),
      },
    ],
  };
}

function turnsOption(
  days: SegmentDay[],
  format: Format,
  palette: Palette,
  words: { entered: string; left: string },
): ChartOption {
  const { min: _min, ...yAxis } = frame(days, format, palette).yAxis;
  return {
    ...frame(days, format, palette),
    yAxis: {
      ...yAxis,
      axisLabel: { ...yAxis.axisLabel, formatter: (value: number) => format.compact(Math.abs(value)) },
    },
    tooltip: {
      trigger: "axis",
      axisPointer: { type: "shadow" },
      ...tooltipStyle(palette),
      formatter: (marks) => {
        const day = days[Array.isArray(marks) ? (marks[0]?.dataIndex ?? 0) : marks.dataIndex];
        if (!day) return "";
        return tooltipContent(format.dayLong(day.day), [
          { color: palette.accent, name: words.entered, value: format.integer(day.entered) },
          { color: palette.bad, name: words.left, value: format.integer(day.left) },
        ]);
      },
    },
    series: [
      {
        type: "bar",
        stack: "turns",
        name: words.entered,
        color: palette.accent,
        barMaxWidth: 22,
        data: days.map(({ entered }) => entered),
      },
      {
        type: "bar",
        stack: "turns",
        name: words.left,
        color: palette.bad,
        barMaxWidth: 22,
        data: days.map(({ left }) => -left),
      },
    ],
  };
}
