import { expect, test } from "vitest";
import { at, axisOf, bandOf, lineOf } from "./curve";

const DAY = 86_400;
const point = (days: number, share: number) => ({
  after_s: days * DAY,
  share,
  low: share - 0.1,
  high: share + 0.1,
  at_risk: 10,
});
const curve = [point(1, 0.2), point(4, 0.5), point(9, 0.5)];

test("a curve rises in stairs and is level up to the end of what is drawn", () => {
  const axis = axisOf([curve], 3 * DAY);
  expect(axis).toEqual({ end_s: 6 * DAY, unit_s: DAY });
  expect(lineOf(curve, axis)).toEqual([
    [0, 0],
    [1, 0],
    [1, 0.2],
    [4, 0.2],
    [4, 0.5],
    [6, 0.5],
  ]);
  expect(bandOf(curve, axis)).toHaveLength(12);
});

test("short waits are drawn in hours", () => {
  expect(axisOf([[point(0.5, 0.4)]], 30 * DAY).unit_s).toBe(3_600);
  expect(axisOf([], DAY)).toEqual({ end_s: 3_600, unit_s: 3_600 });
});

test("beyond what is known nothing is told", () => {
  expect(at(curve, 5 * DAY)?.share).toBe(0.5);
  expect(at(curve, 60)?.share).toBe(0);
  expect(at(curve, 10 * DAY)).toBeUndefined();
});
