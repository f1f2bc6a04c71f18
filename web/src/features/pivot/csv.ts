import type { PivotReport } from "../../api/types";
import { csv } from "../../ui/csv";

/**
 * The report as CSV: a row for each line and column, numbers as computers read them.
 *
 * * `words.all` stands for the total over a dimension, `words.none` for no value.
 */
export function csvOf(report: PivotReport, words: { all: string; none: string }): string {
  const measures = report.measures.map(({ measure }) => measure);
  const head = [...report.rows, ...report.columns, ...measures, "currency"];
  const named = (path: (string | null)[], count: number) =>
    Array.from({ length: count }, (_, at) => (at < path.length ? (path[at] ?? words.none) : words.all));
  const rows = [...report.lines, report.total].flatMap((line) => {
    const places = [
      ...line.cells.map((values, at) => ({ values, column: report.column_keys[at] ?? [] })),
      { values: line.total, column: [] as (string | null)[] },
    ];
    return places.map(({ values, column }) => [
      ...named(line.key, report.rows.length),
      ...named(column, report.columns.length),
      ...values.map((value) => (value === null ? "" : String(value))),
      report.currency,
    ]);
  });
  return csv([head, ...rows]);
}
