import { toWall } from "../ui/zoned";

const SPAN = /^([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)$/;
export const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

/** Whether this is a span of a day as `09:00-18:00`, the end after the beginning. */
export function isSpan(span: string): boolean {
  const [from = "", to = ""] = span.split("-");
  return SPAN.test(span) && from < to;
}

/**
 * Whether a dealer is open at a moment, by the clock on its wall.
 *
 * * `hours`: seven lists of spans, Monday first.
 * * `holidays`: days `YYYY-MM-DD` on which it is closed.
 */
export function isOpen(hours: string[][], holidays: string[], zone: string, at: Date): boolean {
  const [day = "", time = ""] = wallIn(zone, at).split("T");
  if (holidays.includes(day)) return false;
  const weekday = (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7;
  return (hours[weekday] ?? []).some((span) => {
    const [from = "", to = ""] = span.split("-");
    return from <= time && time < to;
  });
}

function wallIn(zone: string, at: Date): string {
  try {
    return toWall(at.toISOString(), zone);
  } catch {
    return toWall(at.toISOString(), "UTC");
  }
}
