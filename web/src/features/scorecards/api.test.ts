import { expect, test } from "vitest";
import { between } from "./api";

test("the last day of a period is asked for as a whole", () => {
  expect(between({ from: "2026-11-01", to: "2026-11-30" })).toEqual({ from: "2026-11-01", to: "2026-12-01" });
});
