import { expect, test } from "vitest";
import { readHistory, remember } from "./history";

test("a question asked again moves up, and the oldest give way", () => {
  let held = [1, 2, 3].reduce((held, at) => remember(held, { sql: `SELECT ${at}`, at }), readHistory(null));
  held = remember(held, { sql: "SELECT 1", at: 9 });
  expect(held.map(({ sql, at }) => `${sql}@${at}`)).toEqual(["SELECT 1@9", "SELECT 3@3", "SELECT 2@2"]);
  for (let at = 0; at < 100; at += 1) held = remember(held, { sql: `SELECT ${at}, 0`, at });
  expect(held).toHaveLength(50);
});

test("what a browser kept is read with care", () => {
  expect(readHistory("{")).toEqual([]);
  expect(readHistory('[{"sql":1,"at":2},{"sql":"SELECT 1","at":2},null]')).toEqual([{ sql: "SELECT 1", at: 2 }]);
});
