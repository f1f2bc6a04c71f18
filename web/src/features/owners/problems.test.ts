import { expect, test } from "vitest";
import type { OwnerRule } from "./api";
import { problemsOf } from "./problems";

const rule = (part: Partial<OwnerRule>): OwnerRule => ({
  rule: "finance",
  interest: "replacement",
  when: { of: "before", date: "finance", days: 120 },
  models: [],
  open_days: 60,
  purpose: "",
  ...part,
});
const problems = (...rules: OwnerRule[]) => problemsOf({ is_on: true, leads_a_day_max: 0, rules });

test("rules that are whole have no problem", () => {
  expect(problems(rule({}), rule({ rule: "service", when: { of: "unserviced", months: 12 } }))).toEqual([]);
});

test("what is wrong with a rule is said", () => {
  expect(problems(rule({}), rule({}))).toEqual(["names"]);
  expect(problems(rule({ rule: "two words" }))).toEqual(["names"]);
  expect(problems(rule({ open_days: 0 }))).toEqual(["lengths"]);
  expect(problems(rule({ when: { of: "owned", months: 0 } }))).toEqual(["lengths"]);
  expect(problems(rule({ when: { of: "likely", percent: 0, within_days: 90 } }))).toEqual(["lengths"]);
  expect(problems(rule({ did: { events: [], within_days: 7 } }))).toEqual(["events"]);
});
