import type { Condition } from "../rule";

/** How people speak of a date: the next days, the last ones, one day, or from one to another. */
export const DATE_MODES = ["next", "past", "exactly", "between"] as const;
export type DateMode = (typeof DATE_MODES)[number];

type Days = { from_days?: number; to_days?: number };

export function dateMode({ from_days: from, to_days: to }: Extract<Condition, { if: "date" }>): DateMode {
  if (from === 0 && to !== undefined && 0 < to) return "next";
  if (to === 0 && from !== undefined && from < 0) return "past";
  return from !== undefined && from === to ? "exactly" : "between";
}

/** The days of another way of speaking, as near to those before as it gets. */
export function daysOfMode(mode: DateMode, { from_days: from, to_days: to }: Days): Days {
  const length = Math.max(1, Math.abs(to || from || 30));
  switch (mode) {
    case "next":
      return { from_days: 0, to_days: length };
    case "past":
      return { from_days: -length, to_days: 0 };
    case "exactly":
      return { from_days: length, to_days: length };
    case "between":
      return { from_days: (from ?? 0) === 0 ? 1 : from, to_days: Math.max(to ?? length, (from ?? 0) + 1, 2) };
  }
}
