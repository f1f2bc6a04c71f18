/** How numbers, money and times are written: the reader's language, the installation's zone and currency. */
export type Format = ReturnType<typeof createFormat>;

/**
 * Writers of figures for one reader.
 *
 * * `language`: a BCP 47 tag, e.g. `ru`.
 * * `zone`: an IANA zone, e.g. `Europe/Kyiv`; what the browser does not know falls back to UTC.
 * * `currency`: an ISO 4217 code, e.g. `EUR`.
 */
export function createFormat(language: string, zone: string, currency: string) {
  const timeZone = knownZone(zone);
  const numbers = (options: Intl.NumberFormatOptions) => new Intl.NumberFormat(language, options);
  const times = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(language, { timeZone, ...options });

  const integer = numbers({ maximumFractionDigits: 0 });
  const decimal = numbers({ maximumFractionDigits: 2 });
  const fine = numbers({ minimumFractionDigits: 3, maximumFractionDigits: 3 });
  const compact = numbers({ notation: "compact", maximumFractionDigits: 1 });
  const percent = numbers({ style: "percent", maximumFractionDigits: 1 });
  const share = numbers({ style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const points = numbers({ minimumFractionDigits: 1, maximumFractionDigits: 1, signDisplay: "exceptZero" });
  const change = numbers({ style: "percent", maximumFractionDigits: 1, signDisplay: "exceptZero" });
  const signed = numbers({ maximumFractionDigits: 0, signDisplay: "exceptZero" });
  const date = times({ day: "numeric", month: "short", year: "numeric" });
  const dateLong = times({ weekday: "long", day: "numeric", month: "long", year: "numeric" });
  const dayMonth = new Intl.DateTimeFormat(language, { timeZone: "UTC", day: "numeric", month: "short" });
  const month = new Intl.DateTimeFormat(language, { timeZone: "UTC", year: "numeric", month: "short" });
  const dayLong = new Intl.DateTimeFormat(language, {
    timeZone: "UTC",
    weekday: "short",
    day: "numeric",
    month: "long",
    year: "numeric",
  });
  const clock = times({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const clockSeconds = times({ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  const isoDay = new Intl.DateTimeFormat("en-CA", { timeZone });

  return {
    language,
    zone: timeZone,
    currency,
    integer: (value: number) => integer.format(value),
    /** How much more or less: with its sign, unless it is nothing. */
    signed: (value: number) => signed.format(value === 0 ? 0 : value).replace("-", "−"),
    decimal: (value: number) => decimal.format(value),
    /** A figure between 0 and 1 of which thousandths count. */
    fine: (value: number) => fine.format(value),
    compact: (value: number) => compact.format(value),
    percent: (share: number) => percent.format(share),
    /** A percentage in a column of them: with its tenths always, so that the digits stand below each other. */
    share: (value: number) => share.format(value),
    /** The difference of two shares, in percentage points, without their sign. */
    points: (difference: number) => points.format(difference * 100),
    change: (share: number) => change.format(share),
    money: (value: number, code: string | null = currency) => money(language, value, code ?? currency),
    /** With cents: a click costs some. */
    moneyExact: (value: number, code: string = currency) => money(language, value, code, undefined, 2),
    moneyCompact: (value: number, code: string = currency) => money(language, value, code, "compact"),
    date: (iso: string) => date.format(new Date(iso)),
    dateLong: (iso: string) => dateLong.format(new Date(iso)),
    dateTime: (iso: string) => `${date.format(new Date(iso))} ${clock.format(new Date(iso))}`,
    time: (iso: string) => clock.format(new Date(iso)),
    timeSeconds: (iso: string) => clockSeconds.format(new Date(iso)),
    /** A calendar day `YYYY-MM-DD`, which has no zone. */
    day: (day: string) => dayMonth.format(new Date(`${day}T00:00:00Z`)),
    /** The month of a calendar day. */
    month: (day: string) => month.format(new Date(`${day}T00:00:00Z`)),
    dayLong: (day: string) => dayLong.format(new Date(`${day}T00:00:00Z`)),
    /** The calendar day on which a moment falls in the installation's zone. */
    dayOf: (moment: string | Date) => isoDay.format(new Date(moment)),
    /** How long ago, in the largest fitting unit; times ahead of `now` are "in …". */
    ago: (iso: string, now: Date) => ago(relative, (new Date(iso).getTime() - now.getTime()) / 1000),
    /** A length of time in its two largest units. */
    duration: (seconds: number) => duration(language, seconds),
    /** A number of bytes in the largest unit that it fills. */
    bytes: (count: number) => bytes(language, count),
  };
}

const SPANS = [
  ["year", 31_556_952],
  ["month", 2_629_746],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
] as const;

function ago(relative: Intl.RelativeTimeFormat, seconds: number): string {
  const [unit, length] = SPANS.find(([, length]) => length <= Math.abs(seconds)) ?? ["second", 1];
  return relative.format(Math.trunc(seconds / length), unit);
}

const DURATION_SPANS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
] as const;

function duration(language: string, seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const largest = DURATION_SPANS.findIndex(([, length]) => length <= whole);
  if (largest === -1) return unitText(language, 0, "second");
  let rest = whole;
  const parts: string[] = [];
  for (const [unit, length] of DURATION_SPANS.slice(largest, largest + 2)) {
    const count = Math.floor(rest / length);
    rest -= count * length;
    if (0 < count) parts.push(unitText(language, count, unit));
  }
  return parts.join(" ");
}

const BYTE_UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;

function bytes(language: string, count: number): string {
  const power = Math.min(BYTE_UNITS.length - 1, count < 1 ? 0 : Math.floor(Math.log10(count) / 3));
  const options = {
    style: "unit",
    unit: BYTE_UNITS[power],
    unitDisplay: "short",
    maximumFractionDigits: power === 0 ? 0 : 1,
  } as const;
  return new Intl.NumberFormat(language, options).format(count / 1000 ** power);
}

function unitText(language: string, value: number, unit: string): string {
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "short" }).format(value);
}

function money(language: string, value: number, currency: string, notation?: "compact", decimals = 0): string {
  const digits = notation ? 1 : decimals;
  try {
    return new Intl.NumberFormat(language, {
      style: "currency",
      currency,
      currencyDisplay: "narrowSymbol",
      maximumFractionDigits: digits,
      minimumFractionDigits: decimals,
      ...(notation && { notation }),
    }).format(value);
  } catch {
    // Events bring their own currency text; what is not a code is shown after the number.
    return `${new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value)} ${currency}`;
  }
}

function knownZone(zone: string): string {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone;
  } catch {
    return "UTC";
  }
}

/** How much `now` is above `before` as a share; `null` where there was nothing to compare with. */
export function changeShare(now: number, before: number): number | null {
  return before === 0 ? null : (now - before) / before;
}
