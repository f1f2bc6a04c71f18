import { expect, test } from "vitest";
import type { SqlRows } from "../../api/types";
import { cellText, drawnRows, isNumeric, shapeOf } from "./shape";

const answer = (columns: [string, string][], rows: unknown[][]): SqlRows => ({
  columns: columns.map(([name, type]) => ({ name, type })),
  rows,
  elapsed_ms: 1,
  truncated: false,
});

test("names stand as bars, times are joined in their order", () => {
  const byName = answer(
    [
      ["channel", "Utf8"],
      ["n", "Int64"],
      ["note", "Utf8"],
    ],
    [
      ["cpc", 2, "x"],
      ["email", null, null],
    ],
  );
  expect(shapeOf(byName)).toEqual({ along: 0, drawn: [1], kind: "bar" });
  const byDay = answer(
    [
      ["n", "Int64"],
      ["day", "Timestamp(µs)"],
    ],
    [
      [2, "2026-02-02"],
      [1, "2026-02-01"],
    ],
  );
  const shape = shapeOf(byDay);
  expect(shape).toEqual({ along: 1, drawn: [0], kind: "line" });
  expect(shape && drawnRows(byDay, shape).map((row) => row[0])).toEqual([1, 2]);
});

test("an answer without numbers, or without rows, is no chart", () => {
  expect(shapeOf(answer([["a", "Utf8"]], [["x"]]))).toBeNull();
  expect(shapeOf(answer([["n", "Int64"]], [[1]]))).toBeNull();
  expect(shapeOf(answer([["n", "Int64"]], []))).toBeNull();
});

test("cells are text, and what is nested is JSON", () => {
  expect([null, 0, false, { a: [1] }].map(cellText)).toEqual(["", "0", "false", '{"a":[1]}']);
  expect(isNumeric(answer([["a", "Utf8"]], [[null]]), 0)).toBe(false);
});
