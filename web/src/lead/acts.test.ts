import { expect, test } from "vitest";
import type { LeadItem } from "../api/leads";
import { buttonsOf } from "./acts";

const NOW = Date.parse("2026-11-23T10:00:00Z");
const DESK = { email: "ana@example.com", isDesk: true };
const DEALER = { email: "lena@north.example", isDesk: false };
const lead = (part: Partial<LeadItem>) =>
  ({ queue: "dealer", accepted_at: null, claimed_by: null, claimed_until: null, ...part }) as LeadItem;

test("a dealer accepts first, and works with what is accepted", () => {
  expect(buttonsOf(lead({}), ["lost"], DEALER, NOW)).toEqual(["accept", "stage", "return", "note"]);
  const accepted = lead({ accepted_at: "2026-11-23T09:00:00Z" });
  expect(buttonsOf(accepted, ["lost"], DEALER, NOW)).toEqual(["contact", "appointment", "stage", "return", "note"]);
});

test("a lead that waits for a call is claimed before it is verified, and is nobody else's then", () => {
  const waiting = lead({ queue: "verification" });
  expect(buttonsOf(waiting, [], DESK, NOW)).toEqual(["claim", "assign", "note"]);
  const mine = { ...waiting, claimed_by: DESK.email, claimed_until: "2026-11-23T10:05:00Z" };
  expect(buttonsOf(mine, [], DESK, NOW)).toEqual(["release", "verify", "assign", "note"]);
  expect(buttonsOf({ ...mine, claimed_by: "petr@example.com" }, [], DESK, NOW)).toEqual(["assign", "note"]);
  const over = Date.parse("2026-11-23T10:05:00Z");
  expect(buttonsOf({ ...mine, claimed_by: "petr@example.com" }, [], DESK, over)).toContain("claim");
});

test("the desk assigns what lies in the pool; a closed lead takes notes", () => {
  expect(buttonsOf(lead({ queue: "pool" }), ["lost"], DESK, NOW)).toEqual(["assign", "stage", "note"]);
  expect(buttonsOf(lead({ queue: "closed" }), [], DEALER, NOW)).toEqual(["note"]);
});
