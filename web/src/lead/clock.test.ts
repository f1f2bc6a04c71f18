import { expect, test } from "vitest";
import { leftOf, ticking, toneOf } from "./clock";

const clock = {
  for: "accept" as const,
  due_at: "2026-11-23T10:00:00Z",
  warn_at: "2026-11-23T09:50:00Z",
  is_warned: false,
};
const at = (time: string) => Date.parse(`2026-11-23T${time}Z`);

test("a clock is fine, then near its end, then late", () => {
  expect(toneOf(clock, at("09:30:00"))).toBe("fine");
  expect(toneOf(clock, at("09:50:00"))).toBe("warned");
  expect(toneOf(clock, at("10:00:00"))).toBe("late");
  expect(toneOf({ ...clock, warn_at: null }, at("09:59:59"))).toBe("fine");
  expect(toneOf({ ...clock, warn_at: null, is_warned: true }, at("09:00:00"))).toBe("warned");
});

test("it counts seconds, forwards once it is late", () => {
  expect(ticking(leftOf(clock, at("09:58:55")))).toBe("1:05");
  expect(ticking(leftOf(clock, at("07:55:55")))).toBe("2:04:05");
  expect(ticking(leftOf(clock, at("10:00:09")))).toBe("0:09");
  expect(ticking(3 * 86_400_000)).toBeNull();
});
