import { expect, test } from "vitest";
import { isKindName, isSame, kindsOf, newKind, outcomeOf, patternsOf, withKind, withoutKind } from "./draft";
import { counted } from "./report";
import { readLedger, readReview } from "./search";

const settings = {
  kinds: {
    vin: { role: "nobody" as const, is_unique: false, limit: null, blocked: [] },
    email: { role: "person" as const, is_unique: false, limit: { values: 5, window_days: 365 }, blocked: ["a"] },
    user_id: { role: "person" as const, is_unique: true, limit: null, blocked: [] },
  },
  names_per_contact_max: 4,
  people_per_contact_max: 10,
  people_per_device_max: 10,
  identifiers_per_profile_max: 1000,
};

test("settings differ by what they say, not by the order or by what is left out", () => {
  const { email, user_id, vin } = settings.kinds;
  expect(isSame(settings, { ...settings, kinds: { user_id, email, vin: { role: vin.role, limit: null } } })).toBe(true);
  expect(isSame(settings, { ...settings, people_per_device_max: 9 })).toBe(false);
  expect(isSame(settings, { ...settings, kinds: { user_id, email: { ...email, blocked: [] }, vin } })).toBe(false);
});

test("kinds are read people first, what is unique before what is not", () => {
  expect(kindsOf(settings).map(({ name }) => name)).toEqual(["user_id", "email", "vin"]);
});

test("a kind is added, replaced and removed", () => {
  const added = withKind(settings, { ...newKind(), name: "loyalty_id" });
  expect(Object.keys(added.kinds).sort()).toEqual(["email", "loyalty_id", "user_id", "vin"]);
  expect(isSame(withoutKind(added, "loyalty_id"), settings)).toBe(true);
  expect(["loyalty_id", "Loyalty", "", "9a", "a b"].map(isKindName)).toEqual([true, false, false, false, false]);
});

test("patterns are typed one in each line", () => {
  expect(patternsOf(" info@.* \n\n\\+7(0{7,})\n")).toEqual(["info@.*", "\\+7(0{7,})"]);
});

test("a job's message is an outcome only when it is one", () => {
  const outcome = { profiles_before: 3, profiles_after: 2, joined: 1, parted: 0, examples: [] };
  expect(outcomeOf(JSON.stringify(outcome))).toEqual(outcome);
  expect([outcomeOf(null), outcomeOf("cancelled"), outcomeOf("{}")]).toEqual([null, null, null]);
});

test("what happened is counted by day, by what it is about, the most frequent first", () => {
  const days = [
    { day: "2026-01-01", what: "merged:form", count: 2 },
    { day: "2026-01-03", what: "merged:form", count: 1 },
    { day: "2026-01-02", what: "merged:signed_in", count: 9 },
    { day: "2026-01-02", what: "refused:unique", count: 4 },
    { day: "2026-01-02", what: "parted", count: 1 },
    { day: "2026-01-02", what: "names_nobody:email", count: 3 },
    { day: "2026-01-02", what: "names_nobody", count: 5 },
    { day: "2025-12-31", what: "merged:form", count: 100 },
  ];
  const what = counted(days, "2026-01-01", "2026-01-03");
  expect(what.days).toEqual(["2026-01-01", "2026-01-02", "2026-01-03"]);
  expect(what.joined).toEqual([
    { name: "signed_in", counts: [0, 9, 0], total: 9 },
    { name: "form", counts: [2, 0, 1], total: 3 },
  ]);
  expect(what.refused.map(({ name, total }) => [name, total])).toEqual([["unique", 4]]);
  expect(what.parted.total).toBe(1);
  expect(what.namesNobody.map(({ name, total }) => [name, total])).toEqual([
    ["", 5],
    ["email", 3],
  ]);
});

test("addresses hold what is known and drop the rest", () => {
  expect(readLedger({ act: "merged", rule: "form", why: "nonsense" })).toEqual({ act: "merged", rule: "form" });
  expect(readReview({ state: "open", pair: "12.34" })).toEqual({ pair: "12.34" });
  expect(readReview({ state: "later", pair: "../x" })).toEqual({ state: "later" });
});
