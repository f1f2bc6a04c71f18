import { Select, Text, UnstyledButton } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconChartBar } from "@tabler/icons-react";
import type { TFunction } from "i18next";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { PivotReport } from "../../api/types";
import { Chart, type ChartOption, type Pick } from "../../ui/Chart";
import { tooltipContent, tooltipStyle } from "../../ui/chartTooltip";
import type { Format } from "../../ui/format";
import { useFormat } from "../../ui/FormatContext";
import { usePalette, type Palette } from "../../ui/palette";
import { Empty } from "../../ui/states";
import classes from "./Pivot.module.css";
import type { Crowd } from "./queries";
import type { View } from "./spec";
import type { Line } from "./tree";
import { figure, measureName, valueName } from "./words";

/** Lines that a reader can still tell apart; the table has them all. */
const LINES_DRAWN = 24;

/** The outer lines of the report as a picture. */
export function PivotCharts({
  report,
  view,
  onCrowd,
}: {
  report: PivotReport;
  view: Exclude<View, "table">;
  onCrowd: (crowd: Crowd) => void;
}) {
  const { t } = useTranslation();
  const lines = report.lines.filter(({ key }) => key.length === 1);
  const drawn = 0 < lines.length ? lines : [report.total];
  if (view === "funnel") return <Ways report={report} lines={drawn} onCrowd={onCrowd} />;
  return drawn.length === 0 ? (
    <Empty icon={IconChartBar} title={t("pivot.empty.title")} />
  ) : (
    <Bars report={report} lines={drawn} onCrowd={onCrowd} />
  );
}

function nameOf(t: TFunction, format: Format, report: PivotReport, line: Line): string {
  return line.key.length === 0 ? t("pivot.total") : valueName(t, format, report.rows[0] ?? "", line.key[0] ?? null);
}

/** One measure by line; stacked by column where columns add up. */
function Bars({ report, lines, onCrowd }: { report: PivotReport; lines: Line[]; onCrowd: (crowd: Crowd) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const palette = usePalette();
  const narrow = useMediaQuery("(max-width: 48em)");
  const [picked, setPicked] = useState<string | null>(null);
  const at = Math.max(
    0,
    report.measures.findIndex(({ measure }) => measure === picked),
  );
  const measure = report.measures[at];
  const drawn = lines.slice(0, LINES_DRAWN);
  const option = useMemo(
    () => (measure ? barsOption(report, drawn, at, { format, palette, t, narrow: narrow ?? false }) : null),
    // The lines are the report's.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [report, at, format, palette, t, narrow],
  );
  if (!measure || !option) return null;
  const pick = ({ dataIndex }: Pick) => {
    const line = drawn[dataIndex];
    if (!line || !measure.has_people) return;
    const [name] = report.rows;
    onCrowd({ measure: measure.measure, place: name && 0 < line.key.length ? { [name]: line.key[0] ?? null } : {} });
  };
  return (
    <>
      <Select
        size="xs"
        w={220}
        mb="sm"
        aria-label={t("pivot.chart.measure")}
        allowDeselect={false}
        data={report.measures.map(({ measure, title }) => ({ value: measure, label: measureName(t, measure, title) }))}
        value={measure.measure}
        onChange={setPicked}
      />
      <Chart
        option={option}
        height={Math.max(220, 64 + drawn.length * 30)}
        label={measureName(t, measure.measure, measure.title)}
        onPick={pick}
      />
      {LINES_DRAWN < lines.length && (
        <Text size="xs" c="dimmed">
          {t("pivot.chart.drawn", { count: LINES_DRAWN, all: format.integer(lines.length) })}
        </Text>
      )}
    </>
  );
}

type Look = { format: Format; palette: Palette; t: TFunction; narrow: boolean };

function barsOption(report: PivotReport, lines: Line[], at: number, { format, palette, t, narrow }: Look): ChartOption {
  const measure = report.measures[at];
  if (!measure) return {};
  const text = (value: number) => figure(format, measure, value, report.currency);
  // Ratios and people of columns do not add up to those of the line: they stand alone.
  const addsUp =
    measure.unit !== "share" &&
    !/^(cp|ca|cost_per|average|lead_people|buyers|conversion_(people|cost))/.test(measure.measure);
  const columns = addsUp && 1 < report.column_keys.length ? report.column_keys.slice(0, palette.series.length) : [];
  const font = { fontFamily: palette.font, fontSize: 12, color: palette.dim };
  const names = lines.map((line) => nameOf(t, format, report, line));
  const series =
    columns.length === 0
      ? [{ name: measureName(t, measure.measure, measure.title), values: lines.map((line) => line.total[at] ?? null) }]
      : columns.map((key, column) => ({
          name: key.map((value, of) => valueName(t, format, report.columns[of] ?? "", value)).join(" › "),
          values: lines.map((line) => line.cells[column]?.[at] ?? null),
        }));
  return {
    grid: { left: 8, right: narrow ? 16 : 64, top: columns.length === 0 ? 8 : 36, bottom: 8, containLabel: true },
    legend:
      columns.length === 0
        ? undefined
        : { type: "scroll", top: 0, textStyle: font, icon: "roundRect", itemWidth: 10, itemHeight: 10 },
    xAxis: {
      type: "value",
      axisLabel: {
        ...font,
        formatter: (value: number) => (measure.unit === "share" ? format.percent(value) : format.compact(value)),
        hideOverlap: true,
      },
      splitLine: { lineStyle: { color: palette.line } },
    },
    yAxis: {
      type: "category",
      inverse: true,
      data: names,
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { ...font, color: palette.ink, width: narrow ? 96 : 170, overflow: "truncate" },
    },
    tooltip: {
      trigger: "item",
      ...tooltipStyle(palette),
      formatter: (mark) => {
        if (Array.isArray(mark)) return "";
        const value = series[mark.seriesIndex ?? 0]?.values[mark.dataIndex] ?? null;
        return tooltipContent(names[mark.dataIndex] ?? "", [
          {
            color: palette.series[(mark.seriesIndex ?? 0) % palette.series.length],
            name: series[mark.seriesIndex ?? 0]?.name ?? "",
            value: value === null ? t("ui.none") : text(value),
          },
        ]);
      },
    },
    series: series.map(({ name, values }, of) => ({
      type: "bar" as const,
      name,
      stack: columns.length === 0 ? undefined : "columns",
      barMaxWidth: 20,
      cursor: measure.has_people ? "pointer" : "default",
      itemStyle: {
        color: palette.series[of % palette.series.length],
        borderRadius: columns.length === 0 ? [0, 4, 4, 0] : 0,
      },
      label: {
        show: columns.length === 0,
        position: "right" as const,
        ...font,
        formatter: ({ dataIndex }: { dataIndex: number }) => {
          const value = values[dataIndex];
          return value === null || value === undefined ? t("ui.none") : text(value);
        },
      },
      data: values.map((value) => value ?? 0),
    })),
  };
}

/** The way from money to sale, in the order of the picker; what was not asked for is left out. */
const WAY = ["impressions", "clicks", "micro_conversions", "macro_conversions", "leads", "sales"];

/** Each line's way from impressions to sales, beside what it cost and brought. */
function Ways({ report, lines, onCrowd }: { report: PivotReport; lines: Line[]; onCrowd: (crowd: Crowd) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const steps = WAY.map((name) => report.measures.findIndex(({ measure }) => measure === name)).filter(
    (at) => at !== -1,
  );
  const money = report.measures.flatMap((measure, at) =>
    ["cost", "revenue", "cpl", "cac", "drr", "romi"].includes(measure.measure) ? [at] : [],
  );
  if (steps.length < 2)
    return <Empty icon={IconChartBar} title={t("pivot.chart.too_few.title")} hint={t("pivot.chart.too_few.hint")} />;
  const [name] = report.rows;
  return (
    <div className={classes.ways}>
      {lines.slice(0, LINES_DRAWN).map((line) => {
        const place = name && 0 < line.key.length ? { [name]: line.key[0] ?? null } : {};
        return (
          <article key={JSON.stringify(line.key)} className={classes.way}>
            <h3>{nameOf(t, format, report, line)}</h3>
            <ol>
              {steps.map((at, number) => (
                <Step
                  key={at}
                  report={report}
                  at={at}
                  value={line.total[at] ?? null}
                  before={number === 0 ? null : (line.total[steps[number - 1] ?? 0] ?? null)}
                  most={Math.max(...steps.map((step) => line.total[step] ?? 0))}
                  onPeople={(measure) => onCrowd({ measure, place })}
                />
              ))}
            </ol>
            <dl>
              {money.map((at) => {
                const measure = report.measures[at];
                const value = line.total[at] ?? null;
                return (
                  measure && (
                    <div key={at}>
                      <dt>{measureName(t, measure.measure, measure.title)}</dt>
                      <dd className="num">
                        {value === null ? t("ui.none") : figure(format, measure, value, report.currency)}
                      </dd>
                    </div>
                  )
                );
              })}
            </dl>
          </article>
        );
      })}
    </div>
  );
}

function Step({
  report,
  at,
  value,
  before,
  most,
  onPeople,
}: {
  report: PivotReport;
  at: number;
  value: number | null;
  /** Of the step before. */
  before: number | null;
  most: number;
  onPeople: (measure: string) => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const measure = report.measures[at];
  if (!measure) return null;
  // From millions of impressions to a handful of sales: only a logarithm shows both.
  const width = value === null || value < 1 || most < 1 ? 0 : (Math.log1p(value) / Math.log1p(most)) * 100;
  // More than came before did not come from it: without clicks told, people still look at cars.
  const isStep = value !== null && before !== null && 0 < before && value <= before;
  const text = value === null ? t("ui.none") : format.compact(value);
  return (
    <li>
      <span className={classes.stepName}>{measureName(t, measure.measure, measure.title)}</span>
      <span className={classes.stepTrack} aria-hidden>
        <span style={{ width: `${width}%` }} />
      </span>
      {measure.has_people && value ? (
        <UnstyledButton className={classes.figure} onClick={() => onPeople(measure.measure)}>
          {text}
        </UnstyledButton>
      ) : (
        <span className="num">{text}</span>
      )}
      <span className={classes.stepShare}>{isStep ? format.share(value / before) : ""}</span>
    </li>
  );
}
