import { expect, test } from "vitest";
import { addDays, daysOf, periodOf, periodSearch, readPeriod, type Period } from "./period";

test("a period comes back from its URL as it went", () => {
  const periods: Period[] = [
    { kind: "last", days: 30 },
    { kind: "last", days: 7 },
    { kind: "range", from: "2026-01-01", to: "2026-01-31" },
  ];
  for (const period of periods) {
    expect(periodOf(readPeriod({ ...periodSearch(period, 30) }), 30)).toEqual(period);
  }
});

test("what is not a period is the default", () => {
  for (const search of [
    { days: "7" },
    { days: -1 },
    { days: 2.5 },
    { from: "2026-02-01", to: "2026-01-01" },
    { from: "yesterday", to: "today" },
    { from: "2026-01-01" },
  ]) {
    expect(readPeriod(search)).toEqual({});
  }
});

test("the last days end today and count it", () => {
  expect(daysOf({ kind: "last", days: 7 }, "2026-03-03")).toEqual({ from: "2026-02-25", to: "2026-03-03" });
  expect(daysOf({ kind: "last", days: 1 }, "2026-03-03")).toEqual({ from: "2026-03-03", to: "2026-03-03" });
});

test("days follow the calendar over leap years and clock changes", () => {
  expect(addDays("2028-02-28", 1)).toBe("2028-02-29");
  expect(addDays("2026-03-29", 1)).toBe("2026-03-30");
});
