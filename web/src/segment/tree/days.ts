const MINUTE_US = 60_000_000;

/** The moment, in microseconds since 1970 UTC, at which a day `YYYY-MM-DD` begins in a zone. */
export function dayStartUs(day: string, zone: string): number {
  const utc = Date.parse(`${day}T00:00:00Z`);
  if (Number.isNaN(utc)) return Number.NaN;
  // Twice: the clock may be changed between the guess and the beginning of the day.
  const guess = utc - offsetMs(utc, zone);
  return (utc - offsetMs(guess, zone)) * 1_000;
}

/** The day on which a moment falls in a zone. */
export function dayOfUs(us: number, zone: string): string {
  return new Intl.DateTimeFormat("en-CA", { timeZone: zone }).format(new Date(us / 1_000));
}

/** The last day before a moment. */
export const lastDayOfUs = (us: number, zone: string) => dayOfUs(us - MINUTE_US, zone);

function offsetMs(at: number, zone: string): number {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  }).formatToParts(new Date(at));
  const part = (type: string) => Number(parts.find((part) => part.type === type)?.value);
  return Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second")) - at;
}
