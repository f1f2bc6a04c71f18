import { useTranslation } from "react-i18next";
import { Chart, type ChartOption } from "../../ui/Chart";
import { tooltipContent, tooltipStyle } from "../../ui/chartTooltip";
import { useFormat } from "../../ui/FormatContext";
import { usePalette } from "../../ui/palette";
import type { DeskReport } from "./api";
import classes from "./Scorecards.module.css";
import { useAnswerName } from "./words";

/** What part of leads came to a test drive and to a contract, by how soon somebody spoke with the person. */
export function AnswerChart({ answers }: { answers: DeskReport["by_answer"] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const palette = usePalette();
  const names = useAnswerName(answers);
  const part = (count: number, of: number) => (of === 0 ? 0 : count / of);
  const series = [
    {
      name: t("scorecards.column.test_drive_rate"),
      values: answers.map(({ test_drives, leads }) => part(test_drives, leads)),
      color: palette.series[1] ?? palette.accent,
    },
    {
      name: t("scorecards.column.contract_rate"),
      values: answers.map(({ contracts, leads }) => part(contracts, leads)),
      color: palette.accent,
    },
    {
      name: t("scorecards.column.lost_elsewhere"),
      values: answers.map(({ lost_elsewhere, leads }) => part(lost_elsewhere, leads)),
      color: palette.bad,
    },
  ];
  const axis = { axisLabel: { color: palette.dim, fontFamily: palette.font, fontSize: 11.5 } };
  const option: ChartOption = {
    grid: { left: 6, right: 8, top: 38, bottom: 4, containLabel: true },
    legend: {
      top: 0,
      left: 0,
      icon: "roundRect",
      itemWidth: 10,
      itemHeight: 10,
      textStyle: { color: palette.dim, fontFamily: palette.font, fontSize: 12 },
    },
    tooltip: {
      trigger: "axis",
      axisPointer: { type: "shadow", shadowStyle: { color: palette.ghost, opacity: 0.35 } },
      ...tooltipStyle(palette),
      formatter: (marks) => {
        const at = Array.isArray(marks) ? (marks[0]?.dataIndex ?? 0) : marks.dataIndex;
        return tooltipContent(names[at] ?? "", [
          { name: t("scorecards.column.leads"), value: format.integer(answers[at]?.leads ?? 0) },
          ...series.map(({ name, values, color }) => ({ color, name, value: format.share(values[at] ?? 0) })),
        ]);
      },
    },
    xAxis: {
      type: "category",
      data: names,
      ...axis,
      axisTick: { show: false },
      axisLine: { lineStyle: { color: palette.line } },
      axisLabel: { ...axis.axisLabel, interval: 0, width: 92, overflow: "break" },
    },
    yAxis: {
      type: "value",
      ...axis,
      splitLine: { lineStyle: { color: palette.line } },
      axisLabel: { ...axis.axisLabel, formatter: (value: number) => format.percent(value) },
    },
    series: series.map(({ name, values, color }) => ({
      type: "bar",
      name,
      data: values,
      barMaxWidth: 26,
      barGap: "12%",
      itemStyle: { color, borderRadius: [4, 4, 0, 0] },
    })),
  };
  const told = answers.map((answer, at) => `${names[at]}: ${format.share(part(answer.contracts, answer.leads))}`);
  return (
    <div className={classes.drawing} tabIndex={0} role="group" aria-label={t("scorecards.answer.title")}>
      <Chart option={option} height={280} label={t("scorecards.answer.label", { rates: told.join(", ") })} />
    </div>
  );
}
