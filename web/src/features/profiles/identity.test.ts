import { expect, test } from "vitest";
import type { Identifier, IdentityEdge, IdentityNode, ProfileIdentity } from "../../api/types";
import { drawing } from "./drawing";
import { wholeIdentifiers } from "./identifiers";
import { partingOf } from "./parting";

const node = (id: string, kind: string, more: Partial<IdentityNode> = {}): IdentityNode => ({
  fragment_id: id,
  profile_id: "p",
  kind,
  value: `${kind}-${id}`,
  first_seen: "2026-01-01T00:00:00Z",
  last_seen: "2026-02-01T00:00:00Z",
  events: 1,
  is_shared: false,
  is_interval: false,
  role: "person",
  ...more,
});

const edge = (one: string, other: string, more: Partial<IdentityEdge> = {}): IdentityEdge => ({
  one,
  other,
  rule: "same_event",
  trust: "event",
  at: `2026-01-0${one}T00:00:00Z`,
  offset: "1",
  joins: true,
  why: null,
  ...more,
});

const identity = (identifiers: IdentityNode[], evidence: IdentityEdge[]): ProfileIdentity => ({
  profile_id: "p",
  identifiers,
  evidence,
  kept_apart: [],
  neighbours: [{ profile_id: "q", name: "Boris", identifiers: ["b"] }],
  ledger: [],
});

test("a drawing begins with what names a person best and goes on step by step", () => {
  const { placed, otherTies, columns, rows, left } = drawing(
    identity(
      [node("1", "phone"), node("2", "user_id"), node("3", "crm_id"), node("4", "email")],
      [edge("1", "2"), edge("1", "3"), edge("2", "4"), edge("1", "4")],
    ),
  );
  expect(placed.map(({ place, column, row }) => [place.key, column, row]).sort()).toEqual([
    ["crm_id crm_id-3", 2, 1],
    ["email email-4", 1, 0],
    ["phone phone-1", 1, 1],
    ["user_id user_id-2", 0, 0.5],
  ]);
  expect([columns, rows, left, otherTies.length]).toEqual([3, 2, 0, 1]);
});

test("a device is drawn once, and other profiles as what they are", () => {
  const device = { value: "d", role: "device" as const };
  const { placed } = drawing(
    identity(
      [
        node("1", "user_id"),
        node("2", "anonymous_id", device),
        node("3", "anonymous_id", { ...device, is_interval: true }),
        node("4", "user_id", { profile_id: "q" }),
      ],
      [
        edge("1", "2", { rule: "signed_in" }),
        edge("1", "3", { rule: "login_interval" }),
        edge("2", "4", { joins: false, why: "device" }),
      ],
    ),
  );
  const drawn = placed.map(({ place, tie }) => [place.sort, tie?.evidence.map(({ rule }) => rule) ?? []]);
  expect(drawn).toContainEqual(["own", ["signed_in", "login_interval"]]);
  expect(drawn).toContainEqual(["other", ["same_event"]]);
  expect(drawn.length).toBe(3);
});

test("whatever is not tied to anything has a row of its own", () => {
  const { placed, rows } = drawing(identity([node("1", "user_id"), node("2", "email")], []));
  expect([placed.length, rows]).toEqual([2, 2]);
});

test("what is tied closer to one of two that are parted goes with it", () => {
  const ids = (nodes: IdentityNode[]) => nodes.map(({ fragment_id }) => fragment_id);
  const nodes = ["1", "2", "3", "4"].map((id) => node(id, id));
  // The chain 1 – 2 – 3 – 4 breaks at its weakest piece.
  const chain = [edge("1", "2", { trust: "login" }), edge("2", "3", { trust: "imported" }), edge("3", "4")];
  const { one, other } = partingOf(identity(nodes, chain), "1", "4");
  expect([ids(one), ids(other)]).toEqual([
    ["1", "2"],
    ["3", "4"],
  ]);
  const direct = partingOf(identity(nodes, [edge("1", "2"), edge("1", "3")]), "1", "3");
  expect([ids(direct.one), ids(direct.other)]).toEqual([["1", "2", "4"], ["3"]]);
});

test("what was done on a device after signing in is one identifier with the device", () => {
  const entry = (first_seen: string, events: number, rule: string): Identifier => ({
    kind: "anonymous_id",
    value: "d",
    fragment_id: first_seen,
    first_seen,
    last_seen: first_seen,
    events,
    evidence: [{ rule, with: { kind: "user_id", value: "u" }, at: first_seen, offset: "1" }],
  });
  const [whole, ...more] = wholeIdentifiers([
    entry("2026-01-02T00:00:00Z", 2, "signed_in"),
    entry("2026-01-05T00:00:00Z", 3, "login_interval"),
    entry("2026-01-04T00:00:00Z", 1, "login_interval"),
  ]);
  expect(more).toEqual([]);
  expect([whole?.events, whole?.first_seen, whole?.last_seen]).toEqual([
    6,
    "2026-01-02T00:00:00Z",
    "2026-01-05T00:00:00Z",
  ]);
  expect(whole?.evidence.map(({ rule, at }) => [rule, at.slice(0, 10)]).sort()).toEqual([
    ["login_interval", "2026-01-04"],
    ["signed_in", "2026-01-02"],
  ]);
});
