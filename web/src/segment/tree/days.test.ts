import { expect, test } from "vitest";
import { dayOfUs, dayStartUs, lastDayOfUs } from "./days";

test("a day begins when it does in its zone, on the days of a clock change too", () => {
  const iso = (day: string, zone: string) => new Date(dayStartUs(day, zone) / 1_000).toISOString();
  expect(iso("2026-01-15", "UTC")).toBe("2026-01-15T00:00:00.000Z");
  expect(iso("2026-01-15", "Europe/Kyiv")).toBe("2026-01-14T22:00:00.000Z");
  expect(iso("2026-03-29", "Europe/Kyiv")).toBe("2026-03-28T22:00:00.000Z");
  expect(iso("2026-03-30", "Europe/Kyiv")).toBe("2026-03-29T21:00:00.000Z");
  expect(iso("2026-07-01", "America/New_York")).toBe("2026-07-01T04:00:00.000Z");
  expect(dayStartUs("", "UTC")).toBeNaN();
});

test("a day comes back from where it begins, and the last one from where the next begins", () => {
  expect(dayOfUs(dayStartUs("2026-03-29", "Europe/Kyiv"), "Europe/Kyiv")).toBe("2026-03-29");
  expect(lastDayOfUs(dayStartUs("2026-04-01", "Asia/Almaty"), "Asia/Almaty")).toBe("2026-03-31");
});
