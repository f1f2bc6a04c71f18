import type { IdentityDay } from "../../api/types";
import { addDays } from "../../ui/period";

/** How often one thing happened, by day, in the order of the days asked for. */
export type Row = { name: string; counts: number[]; total: number };

/** What was counted, by what it is about: rules that joined, reasons that did not let join, kinds that name nobody. */
export type Counted = { days: string[]; joined: Row[]; refused: Row[]; parted: Row; namesNobody: Row[] };

/** * `from`, `to`: `2026-01-31`, both included. */
export function counted(days: IdentityDay[], from: string, to: string): Counted {
  const shown = daysBetween(from, to);
  const at = new Map(shown.map((day, place) => [day, place]));
  const rows = new Map<string, Row>();
  for (const { day, what, count } of days) {
    const place = at.get(day);
    if (place === undefined) continue;
    const row = rows.get(what) ?? emptyRow(what, shown);
    row.counts[place] = (row.counts[place] ?? 0) + count;
    row.total += count;
    rows.set(what, row);
  }
  // `merged:same_event` is a row `same_event` of what was merged; `names_nobody` alone is of all other kinds.
  const of = (group: string) =>
    [...rows]
      .filter(([what]) => what === group || what.startsWith(`${group}:`))
      .map(([what, row]) => ({ ...row, name: what.slice(group.length + 1) }))
      .sort((a, b) => b.total - a.total);
  return {
    days: shown,
    joined: of("merged"),
    refused: of("refused"),
    parted: rows.get("parted") ?? emptyRow("parted", shown),
    namesNobody: of("names_nobody"),
  };
}

const emptyRow = (name: string, days: string[]): Row => ({ name, counts: days.map(() => 0), total: 0 });

function daysBetween(from: string, to: string): string[] {
  const days: string[] = [];
  for (let day = from; day <= to; day = addDays(day, 1)) days.push(day);
  return days;
}
