import type { PivotReport } from "../../api/types";
import type { Sort } from "./spec";

export type Line = PivotReport["lines"][number];
export type Path = (string | null)[];

/** A line with the lines it is the total of. */
export type Branch = { id: string; line: Line; inner: Branch[] };

export const pathId = (path: Path) => JSON.stringify(path);

/** The lines as a tree: the report has each line before those it holds. */
export function treeOf(lines: Line[]): Branch[] {
  const roots: Branch[] = [];
  const byId = new Map<string, Branch>();
  for (const line of lines) {
    const branch = { id: pathId(line.key), line, inner: [] };
    byId.set(branch.id, branch);
    const outer = byId.get(pathId(line.key.slice(0, -1)));
    (outer?.inner ?? roots).push(branch);
  }
  return roots;
}

/** The same branches by a measure; what cannot be told stays last either way. */
export function sorted(branches: Branch[], report: PivotReport, sort: Sort | undefined): Branch[] {
  const at = sort ? report.measures.findIndex(({ measure }) => measure === sort.measure) : -1;
  if (!sort || at === -1) return branches;
  const value = ({ line }: Branch) => valuesAt(line, sort.column)[at] ?? null;
  const direction = sort.ascending ? 1 : -1;
  const ordered = branches.toSorted((left, right) => {
    const [a, b] = [value(left), value(right)];
    if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
    return (a - b) * direction;
  });
  return ordered.map((branch) => ({ ...branch, inner: sorted(branch.inner, report, sort) }));
}

/** The measures of a line in a column, or over all of them. */
export function valuesAt(line: Line, column: number | undefined): (number | null)[] {
  return column === undefined ? line.total : (line.cells[column] ?? []);
}

/** The lines to show: those whose outer lines are all open. */
export function opened(branches: Branch[], open: ReadonlySet<string>): Branch[] {
  return branches.flatMap((branch) => [branch, ...(open.has(branch.id) ? opened(branch.inner, open) : [])]);
}

/** How strongly a number is shaded, from 0 to 1: its share of the greatest of its measure among lines of its depth. */
export function shades(
  lines: Line[],
  columns: number,
): (line: Line, column: number | undefined, measure: number) => number {
  const places = [undefined, ...Array.from({ length: columns }, (_, at) => at)];
  const most = new Map<string, number>();
  // Totals are of another size than the cells of a column.
  const group = (line: Line, column: number | undefined, measure: number) =>
    `${line.key.length} ${column === undefined} ${measure}`;
  for (const line of lines) {
    for (const column of places) {
      valuesAt(line, column).forEach((value, measure) => {
        const key = group(line, column, measure);
        if (value !== null) most.set(key, Math.max(most.get(key) ?? 0, Math.abs(value)));
      });
    }
  }
  return (line, column, measure) => {
    const value = valuesAt(line, column)[measure] ?? null;
    const greatest = most.get(group(line, column, measure)) ?? 0;
    return value === null || greatest === 0 ? 0 : Math.abs(value) / greatest;
  };
}
