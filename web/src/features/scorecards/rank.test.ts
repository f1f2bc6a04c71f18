import { expect, test } from "vitest";
import type { Scorecard } from "./api";
import { axisEnd, byRank, rankText } from "./rank";

const share = (rate: number | null, high: number | null) => ({ count: 0, of: 0, rate, low: null, high });
const card = (name: string, rank: number | null, high = 0.2) =>
  ({ name, rank, leads: 10, contract_rate: share(0.1, high) }) as Scorecard;

test("a tie is shown as all of its places", () => {
  expect(rankText({ rank: 1, ties: 2 })).toBe("1–3");
  expect(rankText({ rank: 4, ties: 0 })).toBe("4");
  expect(rankText({ rank: null, ties: 0 })).toBeNull();
});

test("those without a place come last", () => {
  const cards = [card("few", null), card("b", 2), card("a", 1), card("also few", null)];
  expect(byRank(cards).map(({ name }) => name)).toEqual(["a", "b", "also few", "few"]);
});

test("an axis ends at a round share above all intervals", () => {
  const pick = ({ contract_rate }: Scorecard) => contract_rate;
  expect(axisEnd([card("a", 1, 0.21), card("b", 2, 0.12)], pick)).toBe(0.3);
  expect(axisEnd([], pick)).toBe(0.05);
});
