import { expect, test } from "vitest";
import type { Condition, Rule } from "../rule";
import {
  canMove,
  changed,
  conditionsOf,
  depthOf,
  draftOf,
  isGroup,
  isSameRule,
  newCondition,
  ruleOf,
  type Change,
  type DraftGroup,
  type DraftNode,
} from "./draft";
import { canAsk, problemsOf, wholePart } from "./problems";

const did = (event: string): Condition => ({
  if: "did",
  event,
  measure: { of: "count" },
  is: { op: "at_least", number: 1 },
});
const [a, b, c, d] = [did("a"), did("b"), did("c"), did("d")];
const all = (...rules: Rule[]): Rule => ({ if: "all", rules });
const any = (...rules: Rule[]): Rule => ({ if: "any", rules });
const not = (rule: Rule): Rule => ({ if: "not", rule });

/** The tree in a line: `all(a any(b c))`, with `!` before what must not hold. */
function line(node: DraftNode): string {
  if (isGroup(node)) return `${node.join}(${node.nodes.map(line).join(" ")})`;
  return `${node.holds === "no" ? "!" : ""}${"event" in node.condition ? node.condition.event : node.condition.if}`;
}

function keyOf(root: DraftGroup, name: string): number {
  const found = conditionsOf(root).find(({ condition }) => "event" in condition && condition.event === name);
  const group = (node: DraftNode): number[] =>
    isGroup(node) ? [...(node.join === name ? [node.key] : []), ...node.nodes.flatMap(group)] : [];
  return found?.key ?? group(root)[0] ?? 0;
}

type Named<C> = C extends { key: number } ? Omit<C, "key"> : never;
const after = (rule: Rule, name: string, change: Named<Change>) => {
  const root = draftOf(rule);
  return line(changed(root, { ...change, key: keyOf(root, name) } as Change));
};

test("rules become trees and come back as they went", () => {
  for (const rule of [
    all(a, b),
    any(a, not(b)),
    all(a, not(any(b, c))),
    all(not(all(a, b)), c),
    all(any(a, all(b, c))),
  ])
    expect(ruleOf(draftOf(rule))).toEqual(rule);
  expect(line(draftOf(all(a, not(any(b, not(c))))))).toBe("all(a none(b !c))");
  expect(line(draftOf(not(not(a))))).toBe("all(a)");
  expect(line(draftOf(not(all(a, b))))).toBe("not_all(a b)");
});

test("conditions are added, changed, turned around, copied and removed", () => {
  const root = draftOf(all(a));
  expect(line(changed(root, { do: "add", to: root.key, node: newCondition(b) }))).toBe("all(a b)");
  expect(after(all(a, b), "a", { do: "set", condition: c })).toBe("all(c b)");
  expect(after(all(a, b), "b", { do: "hold", holds: "no" })).toBe("all(a !b)");
  expect(after(all(a, any(b)), "any", { do: "join", join: "none" })).toBe("all(a none(b))");
  expect(after(all(a, b), "a", { do: "duplicate" })).toBe("all(a a b)");
  expect(after(all(a, any(b, c)), "any", { do: "duplicate" })).toBe("all(a any(b c) any(b c))");
  expect(after(all(a, any(b, c)), "b", { do: "remove" })).toBe("all(a any(c))");
  expect(after(all(a, any(b, c)), "any", { do: "remove" })).toBe("all(a)");
  expect(after(all(a, b), "b", { do: "wrap" })).toBe("all(a any(b))");
  expect(after(all(a, any(b, c)), "any", { do: "unwrap" })).toBe("all(a b c)");
});

test("a copy is a node of its own", () => {
  const root = draftOf(all(a));
  const copied = changed(root, { do: "duplicate", key: keyOf(root, "a") });
  const [first, second] = conditionsOf(copied);
  expect(first?.key).not.toBe(second?.key);
});

test("a step up or down goes past neighbours, into groups and out of them", () => {
  const up = (rule: Rule, name: string) => after(rule, name, { do: "move", by: "up" });
  const down = (rule: Rule, name: string) => after(rule, name, { do: "move", by: "down" });
  expect(down(all(a, b, c), "a")).toBe("all(b a c)");
  expect(up(all(a, b, c), "c")).toBe("all(a c b)");
  expect(down(all(a, any(b, c)), "a")).toBe("all(any(a b c))");
  expect(up(all(any(a, b), c), "c")).toBe("all(any(a b c))");
  expect(up(all(a, any(b, c), d), "b")).toBe("all(a b any(c) d)");
  expect(down(all(a, any(b, c), d), "c")).toBe("all(a any(b) c d)");
  expect(down(all(any(a, b), c), "any")).toBe("all(c any(a b))");
  expect(up(all(a, b), "a")).toBe("all(a b)");
});

test("at the ends of everything there is nowhere to go", () => {
  const root = draftOf(all(a, b));
  expect([canMove(root, keyOf(root, "a"), "up"), canMove(root, keyOf(root, "a"), "down")]).toEqual([false, true]);
});

test("the top cannot be removed or opened", () => {
  const root = draftOf(all(a, b));
  expect(changed(root, { do: "remove", key: root.key })).toBe(root);
  expect(changed(root, { do: "unwrap", key: root.key })).toBe(root);
});

test("what nothing is changed in stays the same object", () => {
  const root = draftOf(all(any(a, b), c));
  const next = changed(root, { do: "hold", key: keyOf(root, "c"), holds: "no" });
  expect(next.nodes[0]).toBe(root.nodes[0]);
});

test("depth is counted as the server does", () => {
  expect(depthOf(a)).toBe(1);
  expect(depthOf(all(a))).toBe(2);
  expect(depthOf(all(not(any(a))))).toBe(4);
});

test("rules are the same whatever the order of their fields", () => {
  const turned = { is: { number: 1, op: "at_least" }, measure: { of: "count" }, event: "a", if: "did" } as Rule;
  expect(isSameRule(all(a), all(turned))).toBe(true);
  expect(isSameRule(all(a), all(b))).toBe(false);
});

test("a problem is told where it is", () => {
  const where = (condition: Condition) =>
    problemsOf(condition).map(({ place, sort, why }) => `${place} ${sort} ${why}`);
  expect(where(a)).toEqual([]);
  expect(
    where({
      ...did(""),
      where: [
        { field: "", op: "is", values: [] },
        { field: "colour", op: "above", values: ["red"] },
      ],
      within: { last: "d" },
    } as Condition),
  ).toEqual([
    "event missing event",
    "where.0.field missing field",
    "where.0.values missing value",
    "where.1.field wrong unknown_field",
    "where.1.values wrong number",
    "within missing span",
  ]);
  expect(where({ if: "date", name: "d", from_days: 3, to_days: 1 })).toEqual(["days wrong days_order"]);
  expect(where({ if: "seen", which: "latest", within: "9999d" })).toEqual(["within wrong span"]);
  expect(where({ if: "trait", name: "city", is: { op: "absent" } })).toEqual([]);
  expect(where({ if: "sequence", steps: [{ event: "a" }], span: "1d" })).toEqual(["steps missing steps"]);
  expect(where({ if: "share", seed: "", from: 10, to: 10 })).toEqual(["seed missing seed", "to wrong share"]);
});

test("what is whole can be asked while the rest is being filled in", () => {
  const root = draftOf(all(a, any(did("")), not(b)));
  expect(canAsk(root)).toBe(false);
  expect(wholePart(root)).toEqual(all(a, not(b)));
  expect(wholePart(draftOf(all(did(""))))).toBeNull();
  expect(canAsk(draftOf(all(a, any(b))))).toBe(true);
});
