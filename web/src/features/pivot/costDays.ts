import type { PivotReport } from "../../api/types";
import { addDays } from "../../ui/period";

export type CostFigures = { cost: number; impressions: number; clicks: number };

/** What was imported of one channel. */
export type CostChannel = {
  channel: string | null;
  byDay: Map<string, CostFigures>;
  sum: CostFigures;
  /** The last day with costs. */
  last: string;
  /** Days without any line between the first and the last day with some. */
  gaps: string[];
};

/** Reads the report of `costsSpec`: channels on lines, days in columns. */
export function channelsOf(report: PivotReport, days: { from: string; to: string }): CostChannel[] {
  const at = (name: string) => report.measures.findIndex(({ measure }) => measure === name);
  const [cost, impressions, clicks, lines] = [at("cost"), at("impressions"), at("clicks"), at("cost_lines")];
  const figures = (values: (number | null)[]): CostFigures => ({
    cost: values[cost] ?? 0,
    impressions: values[impressions] ?? 0,
    clicks: values[clicks] ?? 0,
  });
  return report.lines.flatMap((line) => {
    const byDay = new Map<string, CostFigures>();
    line.cells.forEach((values, column) => {
      const day = report.column_keys[column]?.[0];
      if (day && values[lines]) byDay.set(day, figures(values));
    });
    const imported = [...byDay.keys()].toSorted();
    const [first, last] = [imported[0], imported.at(-1)];
    if (!first || !last) return [];
    const gaps = daysBetween(first, last < days.to ? last : days.to).filter((day) => !byDay.has(day));
    return [{ channel: line.key[0] ?? null, byDay, sum: figures(line.total), last, gaps }];
  });
}

/** The days from one to another, both included. */
export function daysBetween(from: string, to: string): string[] {
  const days: string[] = [];
  for (let day = from; day <= to; day = addDays(day, 1)) days.push(day);
  return days;
}
