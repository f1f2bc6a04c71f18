import i18next from "i18next";
import { beforeAll, expect, test } from "vitest";
import en from "../locales/en.json";
import { ledgerParts, sideText } from "./ledger";
import type { LedgerLine } from "./types";

beforeAll(() =>
  i18next.init({ lng: "en", resources: { en: { translation: en } }, interpolation: { escapeValue: false } }),
);

const side = (fragment_id: string, value: string) => ({
  fragment_id,
  profile_id: fragment_id,
  profile_now: "1",
  identifier: { kind: "email", value },
});

const line = (more: Partial<LedgerLine>): LedgerLine => ({
  id: "1.0",
  at: "2026-01-01T00:00:00Z",
  act: "merged",
  rule: "form",
  why: "",
  one: side("1", "a@example.com"),
  other: side("2", "b@example.com"),
  actor: "",
  offset: "1",
  ...more,
});

const read = (more: Partial<LedgerLine>) =>
  ledgerParts(i18next.t, line(more))
    .map((part) => (typeof part === "string" ? part : sideText(i18next.t, part)))
    .join("");

test("each line of the ledger is a sentence", () => {
  expect(read({})).toBe("E-mail a@example.com and E-mail b@example.com became one person: both given in one form.");
  expect(read({ rule: "" })).toMatch(/follows from other evidence/);
  expect(read({ act: "refused", why: "birth_date" })).toMatch(/were not joined: different birth dates\. What spoke/);
  expect(read({ act: "parted", rule: "", why: "not_same" })).toMatch(/^E-mail b@example.com was parted from E-mail a@/);
  expect(read({ act: "parted", rule: "", other: side("1", "a@example.com") })).toMatch(/^A part of the profile of/);
  expect(read({ other: { ...side("2", ""), identifier: null } })).toMatch(/and a profile that is gone became/);
});

test("the two stand in it as what they are", () => {
  const parts = ledgerParts(i18next.t, line({}));
  expect(parts.map((part) => typeof part)).toEqual(["object", "string", "object", "string"]);
});
