import type { SqlRows } from "../../api/types";

export type Cell = string | number | boolean | null;

/** A cell as text: what is no plain value as JSON. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Whether a column holds numbers: its values are what counts, for a count may come as text to keep its digits. */
export function isNumeric(answer: SqlRows, at: number): boolean {
  const values = answer.rows.map((row) => row[at]).filter((value) => value !== null);
  return 0 < values.length && values.every((value) => typeof value === "number" && Number.isFinite(value));
}

/** Points that a chart can tell apart. */
export const POINTS_MAX = 500;
const SERIES_MAX = 8;

export type Shape = {
  /** Column along the axis. */
  along: number;
  /** Columns drawn. */
  drawn: number[];
  /** Times are joined by lines, names stand as bars. */
  kind: "line" | "bar";
};

/**
 * How an answer is best drawn: the first column that is no number goes along the axis, numbers are drawn.
 * `null` where there is nothing to draw.
 */
export function shapeOf(answer: SqlRows): Shape | null {
  if (answer.rows.length === 0) return null;
  const columns = answer.columns.map((_, at) => at);
  const numeric = columns.filter((at) => isNumeric(answer, at));
  const along = columns.find((at) => !numeric.includes(at)) ?? (1 < numeric.length ? numeric[0] : undefined);
  if (along === undefined) return null;
  const drawn = numeric.filter((at) => at !== along).slice(0, SERIES_MAX);
  if (drawn.length === 0) return null;
  const isTime = /^(timestamp|date|time)/i.test(answer.columns[along]?.type ?? "");
  return { along, drawn, kind: isTime ? "line" : "bar" };
}

/** The rows in the order in which they are drawn: times from left to right, names as they come. */
export function drawnRows(answer: SqlRows, { along, kind }: Shape): unknown[][] {
  const rows = [...answer.rows];
  if (kind === "line") rows.sort((a, b) => cellText(a[along]).localeCompare(cellText(b[along])));
  return rows.slice(0, POINTS_MAX);
}
