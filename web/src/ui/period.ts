/** A stretch of calendar days: the last so many, or from one day to another, both included. */
export type Period = { kind: "last"; days: number } | { kind: "range"; from: string; to: string };

/** A period as it stands in the URL; the default is left out. */
export type PeriodSearch = { days?: number; from?: string; to?: string };

export const PRESET_DAYS = [7, 30, 90, 365] as const;
const DAY_MS = 86_400_000;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** Reads a period from a URL, dropping what is not one. */
export function readPeriod(search: Record<string, unknown>): PeriodSearch {
  const { days, from, to } = search;
  if (isDay(from) && isDay(to) && from <= to) return { from, to };
  if (typeof days === "number" && Number.isInteger(days) && 1 <= days && days <= 3660) return { days };
  return {};
}

export function periodOf(search: PeriodSearch, defaultDays: number): Period {
  if (search.from && search.to) return { kind: "range", from: search.from, to: search.to };
  return { kind: "last", days: search.days ?? defaultDays };
}

export function periodSearch(period: Period, defaultDays: number): PeriodSearch {
  if (period.kind === "range") return { from: period.from, to: period.to };
  return period.days === defaultDays ? {} : { days: period.days };
}

/** First and last day of a period, `today` being the last of "the last so many days". */
export function daysOf(period: Period, today: string): { from: string; to: string } {
  if (period.kind === "range") return { from: period.from, to: period.to };
  return { from: addDays(today, 1 - period.days), to: today };
}

export function addDays(day: string, count: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + count * DAY_MS).toISOString().slice(0, 10);
}

function isDay(value: unknown): value is string {
  return typeof value === "string" && DAY.test(value) && !Number.isNaN(Date.parse(`${value}T00:00:00Z`));
}
