import { expect, test } from "vitest";
import { linePath } from "./Sparkline";

test("the least value is at the bottom, the greatest at the top", () => {
  expect(linePath([0, 10, 5], 34)).toBe("M0.00 32.00 L50.00 2.00 L100.00 17.00");
});

test("a level series runs along the middle", () => {
  expect(linePath([3, 3], 34)).toBe("M0.00 17.00 L100.00 17.00");
});
