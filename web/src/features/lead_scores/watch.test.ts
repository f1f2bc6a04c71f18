import { expect, test } from "vitest";
import type { Watch } from "./api";
import { isAlarming } from "./watch";

const figures = { auc: 0.7, pr_auc: 0.3, brier: 0.1, log_loss: 0.3, ece: 0.01 };
const watch = (drift: [string, number][], distance: number): Watch => ({
  version: 1,
  at_us: 0,
  new_leads: 500,
  drift,
  outcome: { leads: 400, won: 40, foretold: 42, distance, figures, reliability: [] },
});

test("an alarm is a feature that became another, or wins that nobody foretold", () => {
  expect(isAlarming(watch([["channel", 0.05]], -1))).toBe(false);
  expect(isAlarming(watch([["channel", 0.31]], -1))).toBe(true);
  expect(isAlarming(watch([], -3.1))).toBe(true);
  expect(isAlarming({ ...watch([], 0), outcome: null })).toBe(false);
});
