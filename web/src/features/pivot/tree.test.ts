import { expect, test } from "vitest";
import type { PivotReport } from "../../api/types";
import { opened, shades, sorted, treeOf, type Line } from "./tree";

const line = (key: (string | null)[], ...total: (number | null)[]): Line => ({ key, total, cells: [] });
const lines = [line(["N"], 9), line(["N", "cpc"], 3), line(["N", "email"], 6), line(["S"], null), line(["W"], 4)];
const report = { measures: [{ measure: "cost" }] } as unknown as PivotReport;

test("lines become a tree, and only open branches show what they hold", () => {
  const tree = treeOf(lines);
  expect(tree.map(({ line, inner }) => [line.key[0], inner.length])).toEqual([
    ["N", 2],
    ["S", 0],
    ["W", 0],
  ]);
  expect(opened(tree, new Set()).length).toBe(3);
  expect(opened(tree, new Set([tree[0]?.id ?? ""])).map(({ line }) => line.key.at(-1))).toEqual([
    "N",
    "cpc",
    "email",
    "S",
    "W",
  ]);
});

test("branches are sorted on each level, the unknown last either way", () => {
  const keys = (ascending: boolean) =>
    sorted(treeOf(lines), report, { measure: "cost", ascending }).map(({ line }) => line.key[0]);
  expect(keys(false)).toEqual(["N", "W", "S"]);
  expect(keys(true)).toEqual(["W", "N", "S"]);
  const [first] = sorted(treeOf(lines), report, { measure: "cost" });
  expect(first?.inner.map(({ line }) => line.key[1])).toEqual(["email", "cpc"]);
});

test("shades compare lines of one depth", () => {
  const shade = shades(lines, 0);
  expect(lines.map((each) => shade(each, undefined, 0))).toEqual([1, 0.5, 1, 0, 4 / 9]);
});
