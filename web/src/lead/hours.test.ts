import { expect, test } from "vitest";
import { isOpen, isSpan } from "./hours";

const WORKDAY = ["09:00-13:00", "14:00-19:00"];
const HOURS = [WORKDAY, WORKDAY, WORKDAY, WORKDAY, WORKDAY, ["10:00-16:00"], []];
const open = (at: string, holidays: string[] = []) => isOpen(HOURS, holidays, "Europe/Kyiv", new Date(at));

test("a dealer is open by the clock on its own wall", () => {
  // 2026-11-23 is a Monday; Kyiv is two hours ahead of UTC.
  expect(open("2026-11-23T07:00:00Z")).toBe(true);
  expect(open("2026-11-23T06:59:00Z")).toBe(false);
  expect(open("2026-11-23T11:30:00Z")).toBe(false);
  expect(open("2026-11-23T17:00:00Z")).toBe(false);
  expect(open("2026-11-28T13:59:00Z")).toBe(true);
  expect(open("2026-11-29T10:00:00Z")).toBe(false);
  expect(open("2026-11-23T10:00:00Z", ["2026-11-23"])).toBe(false);
});

test("a span has two times, the later one last", () => {
  expect(["09:00-18:00", "00:00-24:00"].every(isSpan)).toBe(true);
  expect(["9:00-18:00", "18:00-09:00", "09:00", "25:00-26:00", ""].some(isSpan)).toBe(false);
});
