import { expect, test } from "vitest";
import { draftOf, isSame, isWhole, moved, newRule, rulesOf } from "./draft";

test("a rule moves past its neighbours, and not past the ends", () => {
  expect(moved(["a", "b", "c"], 0, 2)).toEqual(["b", "c", "a"]);
  expect(moved(["a", "b", "c"], 2, 0)).toEqual(["c", "a", "b"]);
  expect(moved(["a", "b", "c"], 1, 1)).toEqual(["a", "b", "c"]);
  expect(moved(["a", "b"], 0, 2)).toEqual(["a", "b"]);
  expect(moved(["a", "b"], 0, -1)).toEqual(["a", "b"]);
});

test("what is sent has no keys and no values where none are taken", () => {
  const rules = [
    {
      name: "n",
      channel: "cpc",
      conditions: [{ mark: "utm_source" as const, test: "present" as const, values: ["x"] }],
    },
  ];
  const [sent] = rulesOf(draftOf(rules));
  expect(sent).toEqual({
    name: "n",
    channel: "cpc",
    conditions: [{ mark: "utm_source", test: "present", values: [] }],
  });
});

test("a draft differs once something in it does, whatever the order of fields", () => {
  const rules = [{ channel: "cpc", name: "n", conditions: [] }];
  expect(isSame(rulesOf(draftOf(rules)), rules)).toBe(true);
  expect(isSame(rulesOf(draftOf([...rules, ...rules])), rules)).toBe(false);
});

test("a new rule wants a channel and a value", () => {
  const rule = newRule();
  expect(isWhole(rule)).toBe(false);
  expect(isWhole({ ...rule, channel: "x" })).toBe(false);
  expect(isWhole({ ...rule, channel: "x", conditions: [{ mark: "click_id", test: "is", values: ["gclid"] }] })).toBe(
    true,
  );
  expect(isWhole({ ...rule, channel: "x", conditions: [] })).toBe(true);
});
