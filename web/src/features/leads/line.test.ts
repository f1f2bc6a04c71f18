import { expect, test } from "vitest";
import type { LeadItem } from "../../api/leads";
import { lineOf } from "./line";

const NOW = Date.parse("2026-11-23T10:00:00Z");
const ANA = "ana@example.com";
const lead = (lead_id: string, part: Partial<LeadItem> = {}) =>
  ({ lead_id, claimed_by: null, claimed_until: null, retry_at: null, rings: null, ...part }) as LeadItem;
const ids = (leads: LeadItem[]) => leads.map(({ lead_id }) => lead_id);

test("who waits is told apart from who is called later and from who was taken", () => {
  const line = lineOf(
    [
      lead("a"),
      lead("b", { claimed_by: "petr@example.com", claimed_until: "2026-11-23T10:05:00Z" }),
      lead("c", { retry_at: "2026-11-23T12:00:00Z" }),
      lead("d", { retry_at: "2026-11-23T11:00:00Z" }),
      lead("e", { retry_at: "2026-11-23T09:00:00Z" }),
      lead("f", { claimed_by: ANA, claimed_until: "2026-11-23T10:05:00Z" }),
    ],
    ANA,
    NOW,
  );
  expect(line.mine?.lead_id).toBe("f");
  expect(ids(line.due)).toEqual(["a", "e"]);
  expect(ids(line.later)).toEqual(["d", "c"]);
  expect(ids(line.taken)).toEqual(["b"]);
});

test("a claim that ran out is nobody's", () => {
  const line = lineOf([lead("a", { claimed_by: ANA, claimed_until: "2026-11-23T10:00:00Z" })], ANA, NOW);
  expect(line.mine).toBeNull();
  expect(ids(line.due)).toEqual(["a"]);
});

test("what rings at others is not offered, what rings at the operator comes first", () => {
  const rings = (person: string | null, until: string) => ({ rings: { person, until } });
  const line = lineOf(
    [
      lead("a", rings("petr@example.com", "2026-11-23T10:00:20Z")),
      lead("b", rings(ANA, "2026-11-23T10:00:20Z")),
      lead("c", rings(null, "2026-11-23T10:00:20Z")),
      lead("d", rings("petr@example.com", "2026-11-23T09:59:00Z")),
    ],
    ANA,
    NOW,
  );
  expect(line.rings?.lead_id).toBe("b");
  expect(ids(line.taken)).toEqual(["a"]);
  expect(ids(line.due)).toEqual(["c", "d"]);
});
