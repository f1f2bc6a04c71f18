import { expect, test } from "vitest";
import { changeShare, createFormat } from "./format";

const en = createFormat("en", "Europe/Kyiv", "EUR");
const ru = createFormat("ru", "Europe/Kyiv", "EUR");
const spaces = (text: string) => text.replaceAll(/[\u00a0\u202f]/g, " ");

test("numbers and money are written as the language does", () => {
  expect(en.integer(1234567)).toBe("1,234,567");
  expect(spaces(ru.integer(1234567))).toBe("1 234 567");
  expect(en.money(38900)).toBe("€38,900");
  expect(spaces(ru.money(38900))).toBe("38 900 €");
  expect(en.money(1200, "not a code")).toBe("1,200 not a code");
  expect(en.percent(0.2184)).toBe("21.8%");
  expect([en.share(0.22), en.share(0.2184)]).toEqual(["22.0%", "21.8%"]);
  expect(en.change(0.061)).toBe("+6.1%");
  expect(en.change(-0.02)).toBe("-2%");
});

test("times are shown in the installation's zone, days have none", () => {
  expect(en.dateTime("2026-01-01T22:30:05.000Z")).toBe("Jan 2, 2026 00:30");
  expect(en.timeSeconds("2026-01-01T22:30:05.000Z")).toBe("00:30:05");
  expect(en.dayOf("2026-01-01T22:30:05.000Z")).toBe("2026-01-02");
  expect(en.day("2026-01-02")).toBe("Jan 2");
});

test("an unknown zone falls back to UTC", () => {
  expect(createFormat("en", "Mars/Olympus", "EUR").zone).toBe("UTC");
});

test("how long ago, in the largest fitting unit", () => {
  const now = new Date("2026-03-10T12:00:00Z");
  expect(en.ago("2026-03-10T11:59:30Z", now)).toBe("30 seconds ago");
  expect(en.ago("2026-03-09T10:00:00Z", now)).toBe("yesterday");
  expect(ru.ago("2026-03-05T11:00:00Z", now)).toBe("5 дней назад");
  expect(en.ago("2026-03-10T12:00:00Z", now)).toBe("now");
});

test("bytes are told in the largest unit that they fill", () => {
  expect(en.bytes(0)).toBe("0 byte");
  expect(en.bytes(999)).toBe("999 byte");
  expect(en.bytes(1_234_567)).toBe("1.2 MB");
  expect(en.bytes(20e15)).toBe("20,000 TB");
});

test("a duration has its two largest units", () => {
  expect(en.duration(0)).toBe("0 sec");
  expect(en.duration(214)).toBe("3 min 34 sec");
  expect(en.duration(3 * 86_400)).toBe("3 days");
  expect(en.duration(2 * 86_400 + 5 * 3_600 + 59)).toBe("2 days 5 hr");
  expect(spaces(ru.duration(86_400))).toBe("1 дн.");
});

test("a change against nothing is no change", () => {
  expect(changeShare(5, 0)).toBeNull();
  expect(changeShare(120, 100)).toBeCloseTo(0.2);
});
