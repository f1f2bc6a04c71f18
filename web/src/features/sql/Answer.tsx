import { Text } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { SqlRows } from "../../api/types";
import { Chart, type ChartOption } from "../../ui/Chart";
import { useFormat } from "../../ui/FormatContext";
import { usePalette } from "../../ui/palette";
import { Empty } from "../../ui/states";
import { IconChartBar } from "@tabler/icons-react";
import { cellText, drawnRows, isNumeric, POINTS_MAX, shapeOf } from "./shape";
import classes from "./Sql.module.css";

const ROW_PX = 30;

/** The rows as they came; only those in sight are drawn. */
export function AnswerTable({ answer }: { answer: SqlRows }) {
  const { t } = useTranslation();
  const frame = useRef<HTMLDivElement>(null);
  const numeric = useMemo(() => answer.columns.map((_, at) => isNumeric(answer, at)), [answer]);
  // eslint-disable-next-line react-hooks/incompatible-library
  const rows = useVirtualizer({
    count: answer.rows.length,
    getScrollElement: () => frame.current,
    estimateSize: () => ROW_PX,
    overscan: 12,
  });
  const drawn = rows.getVirtualItems();
  const before = drawn[0]?.start ?? 0;
  const after = rows.getTotalSize() - (drawn.at(-1)?.end ?? 0);
  return (
    <div ref={frame} className={classes.rows} tabIndex={0} role="region" aria-label={t("sql.answer")}>
      <table className={classes.table} aria-rowcount={answer.rows.length + 1}>
        <thead>
          <tr>
            {answer.columns.map(({ name, type }, at) => (
              <th key={at} className={numeric[at] ? "num" : undefined} scope="col" title={type}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {0 < before && <tr style={{ height: before }} aria-hidden />}
          {drawn.map(({ index }) => (
            <tr key={index} aria-rowindex={index + 2}>
              {answer.columns.map((_, at) => {
                const text = cellText(answer.rows[index]?.[at]);
                return (
                  <td key={at} className={numeric[at] ? "num" : undefined} title={40 < text.length ? text : undefined}>
                    {text === "" ? <span className={classes.nothing}>{t("ui.none")}</span> : text}
                  </td>
                );
              })}
            </tr>
          ))}
          {0 < after && <tr style={{ height: after }} aria-hidden />}
        </tbody>
      </table>
    </div>
  );
}

/** The answer drawn; the same figures stand in the table, one click away. */
export function AnswerChart({ answer }: { answer: SqlRows }) {
  const { t } = useTranslation();
  const format = useFormat();
  const palette = usePalette();
  const shape = useMemo(() => shapeOf(answer), [answer]);
  const option = useMemo((): ChartOption | null => {
    if (!shape) return null;
    const rows = drawnRows(answer, shape);
    const names = shape.drawn.map((at) => answer.columns[at]?.name ?? "");
    const textStyle = { color: palette.ink, fontFamily: palette.font };
    return {
      color: palette.series,
      grid: { left: 8, right: 16, top: 1 < names.length ? 40 : 16, bottom: 8, containLabel: true },
      tooltip: { trigger: "axis" },
      ...(1 < names.length && { legend: { top: 4, type: "scroll", textStyle } }),
      xAxis: {
        type: "category",
        data: rows.map((row) => cellText(row[shape.along]).replace(/T00:00:00(\.0+)?Z?$/, "")),
        axisLine: { lineStyle: { color: palette.line } },
        axisLabel: { hideOverlap: true, ...textStyle },
      },
      yAxis: {
        type: "value",
        splitLine: { lineStyle: { color: palette.line } },
        axisLabel: { ...textStyle, formatter: (value: number) => format.compact(value) },
      },
      series: shape.drawn.map((at, series) => ({
        name: names[series],
        type: shape.kind,
        showSymbol: false,
        barMaxWidth: 36,
        data: rows.map((row) => (typeof row[at] === "number" ? row[at] : null)),
      })),
    };
  }, [answer, shape, format, palette]);
  if (!shape || !option)
    return <Empty icon={IconChartBar} title={t("sql.no_chart.title")} hint={t("sql.no_chart.hint")} />;
  return (
    <>
      <Chart option={option} height={380} label={t("sql.chart_label", { column: answer.columns[shape.along]?.name })} />
      {POINTS_MAX < answer.rows.length && (
        <Text size="xs" c="dimmed" mt={6}>
          {t("sql.points", { shown: format.integer(POINTS_MAX), all: format.integer(answer.rows.length) })}
        </Text>
      )}
    </>
  );
}
