import { expect, test } from "vitest";
import type { LeadItem } from "../../api/leads";
import { byDeadline, tabOf, withWaiting } from "./lists";

const lead = (lead_id: string, part: Partial<LeadItem> = {}) =>
  ({
    lead_id,
    queue: "dealer",
    stage: "dispatched",
    accepted_at: null,
    clock: null,
    prompt: null,
    opened_at: "2026-11-23T08:00:00Z",
    ...part,
  }) as LeadItem;
const due = (due_at: string) => ({ for: "accept" as const, due_at, warn_at: null, is_warned: false });
const ids = (leads: LeadItem[]) => leads.map(({ lead_id }) => lead_id);

test("the nearest deadline stands first, then what is newest", () => {
  const leads = [
    lead("old"),
    lead("later", { clock: due("2026-11-23T11:00:00Z") }),
    lead("new", { opened_at: "2026-11-23T09:00:00Z" }),
    lead("late", { clock: due("2026-11-23T09:00:00Z") }),
  ];
  expect(ids(byDeadline(leads))).toEqual(["late", "later", "new", "old"]);
});

test("what waits to be sent is shown as done", () => {
  const at = "2026-11-23T10:00:00Z";
  const wait = (id: string, act: Parameters<typeof withWaiting>[1][number]["act"]) => ({
    id,
    lead_id: "a",
    name: "",
    act,
    at,
  });
  const before = [lead("a", { clock: due(at) }), lead("b")];
  expect(before.map(tabOf)).toEqual(["inbox", "inbox"]);
  const accepted = withWaiting(before, [wait("1", { act: "accept" })]);
  expect(accepted.map(tabOf)).toEqual(["work", "inbox"]);
  expect(accepted[0]?.clock).toBeNull();
  const lost = withWaiting(before, [
    wait("1", { act: "accept" }),
    wait("2", { act: "stage", stage: "lost", reason: "Bought elsewhere" }),
  ]);
  expect(lost.map(tabOf)).toEqual(["done", "inbox"]);
});
