import type { Condition, Rule } from "../rule";

/** How the conditions of a group go together. */
export const JOINS = ["all", "any", "none", "not_all"] as const;
export type Join = (typeof JOINS)[number];

/** A rule that is being worked on; `key` stays with a node wherever it is moved. */
export type DraftCondition = { key: number; holds: "yes" | "no"; condition: Condition };
export type DraftGroup = { key: number; join: Join; nodes: DraftNode[] };
export type DraftNode = DraftCondition | DraftGroup;

/** How deep the server lets conditions sit in each other, and how many it lets there be. */
export const DEPTH_MAX = 12;
export const CONDITIONS_MAX = 100;

let lastKey = 0;

export const isGroup = (node: DraftNode): node is DraftGroup => "nodes" in node;

export const newCondition = (condition: Condition, holds: DraftCondition["holds"] = "yes"): DraftCondition => ({
  key: ++lastKey,
  holds,
  condition,
});

export const newGroup = (join: Join, nodes: DraftNode[] = []): DraftGroup => ({ key: ++lastKey, join, nodes });

/** A rule as a tree to edit, a group at its top. */
export function draftOf(rule: Rule): DraftGroup {
  const node = nodeOf(rule);
  return isGroup(node) ? node : newGroup("all", [node]);
}

function nodeOf(rule: Rule): DraftNode {
  switch (rule.if) {
    case "all":
    case "any":
      return newGroup(rule.if, rule.rules.map(nodeOf));
    case "not":
      return opposite(nodeOf(rule.rule));
    default:
      return newCondition(rule);
  }
}

const OPPOSITES = { all: "not_all", not_all: "all", any: "none", none: "any" } as const;

function opposite(node: DraftNode): DraftNode {
  return isGroup(node)
    ? { ...node, join: OPPOSITES[node.join] }
    : { ...node, holds: node.holds === "yes" ? "no" : "yes" };
}

/** The rule that a tree says. */
export function ruleOf(node: DraftNode): Rule {
  if (!isGroup(node)) return node.holds === "yes" ? node.condition : { if: "not", rule: node.condition };
  // A group that nothing stands in yet says nothing.
  const rules = node.nodes.filter((each) => 0 < conditionsOf(each).length).map(ruleOf);
  switch (node.join) {
    case "all":
    case "any":
      return { if: node.join, rules };
    case "none":
      return { if: "not", rule: { if: "any", rules } };
    case "not_all":
      return { if: "not", rule: { if: "all", rules } };
  }
}

/** All conditions in the order in which they stand. */
export function conditionsOf(node: DraftNode): DraftCondition[] {
  return isGroup(node) ? node.nodes.flatMap(conditionsOf) : [node];
}

/** How deep conditions sit, by the server's count: negation is a step too. */
export function depthOf(rule: Rule): number {
  switch (rule.if) {
    case "all":
    case "any":
      return 1 + Math.max(0, ...rule.rules.map(depthOf));
    case "not":
      return 1 + depthOf(rule.rule);
    default:
      return 1;
  }
}

export type Change =
  | { do: "add"; to: number; node: DraftNode }
  | { do: "set"; key: number; condition: Condition }
  | { do: "hold"; key: number; holds: DraftCondition["holds"] }
  | { do: "join"; key: number; join: Join }
  | { do: "remove"; key: number }
  | { do: "duplicate"; key: number }
  | { do: "move"; key: number; by: "up" | "down" }
  | { do: "wrap"; key: number }
  | { do: "unwrap"; key: number };

/** The tree after a change; the same tree where the change leads nowhere. */
export function changed(root: DraftGroup, change: Change): DraftGroup {
  switch (change.do) {
    case "add":
      return within(root, change.to, (group) =>
        isGroup(group) ? [{ ...group, nodes: [...group.nodes, change.node] }] : [group],
      );
    case "set":
      return within(root, change.key, (node) => (isGroup(node) ? [node] : [{ ...node, condition: change.condition }]));
    case "hold":
      return within(root, change.key, (node) => (isGroup(node) ? [node] : [{ ...node, holds: change.holds }]));
    case "join":
      return within(root, change.key, (node) => (isGroup(node) ? [{ ...node, join: change.join }] : [node]));
    case "remove":
      return within(root, change.key, () => []);
    case "duplicate":
      return within(root, change.key, (node) => [node, copy(node)]);
    case "move":
      return moved(root, change.key, change.by);
    case "wrap":
      return within(root, change.key, (node) => [newGroup("any", [node])]);
    case "unwrap":
      return within(root, change.key, (node) => (isGroup(node) ? node.nodes : [node]));
  }
}

/** Puts others in the place of one node; the top stays a group. */
function within(root: DraftGroup, key: number, turn: (node: DraftNode) => DraftNode[]): DraftGroup {
  if (root.key === key) {
    const [node, ...rest] = turn(root);
    return node && isGroup(node) && rest.length === 0 && node.key === key ? node : root;
  }
  const turned = (group: DraftGroup): DraftGroup => {
    const nodes = group.nodes.flatMap((node) =>
      node.key === key ? turn(node) : isGroup(node) ? [turned(node)] : [node],
    );
    const isSame = nodes.length === group.nodes.length && nodes.every((node, at) => node === group.nodes[at]);
    return isSame ? group : { ...group, nodes };
  };
  return turned(root);
}

function copy(node: DraftNode): DraftNode {
  return isGroup(node)
    ? { ...node, key: ++lastKey, nodes: node.nodes.map(copy) }
    : { ...node, key: ++lastKey, condition: structuredClone(node.condition) };
}

/** A step up or down as one reads: into a group that stands there, out of a group at its end. */
function moved(root: DraftGroup, key: number, by: "up" | "down"): DraftGroup {
  const home = groupWith(root, key);
  if (!home) return root;
  const at = home.nodes.findIndex((node) => node.key === key);
  const node = home.nodes[at];
  const neighbour = home.nodes[by === "up" ? at - 1 : at + 1];
  if (!node) return root;
  if (neighbour && isGroup(neighbour)) {
    const rest = changed(root, { do: "remove", key });
    return within(rest, neighbour.key, (group) =>
      isGroup(group) ? [{ ...group, nodes: by === "up" ? [...group.nodes, node] : [node, ...group.nodes] }] : [group],
    );
  }
  if (neighbour) {
    const nodes = home.nodes.filter((each) => each !== node);
    nodes.splice(by === "up" ? at - 1 : at + 1, 0, node);
    return replaced(root, { ...home, nodes });
  }
  if (home.key === root.key) return root;
  const rest = changed(root, { do: "remove", key });
  return within(rest, home.key, (group) => (by === "up" ? [node, group] : [group, node]));
}

function replaced(root: DraftGroup, group: DraftGroup): DraftGroup {
  return root.key === group.key ? group : within(root, group.key, () => [group]);
}

function groupWith(group: DraftGroup, key: number): DraftGroup | null {
  if (group.nodes.some((node) => node.key === key)) return group;
  for (const node of group.nodes) {
    const found = isGroup(node) ? groupWith(node, key) : null;
    if (found) return found;
  }
  return null;
}

/** Whether a node can go a step up or down. */
export const canMove = (root: DraftGroup, key: number, by: "up" | "down") => moved(root, key, by) !== root;

/** Whether two rules are the same, whoever wrote them. */
export const isSameRule = (a: Rule, b: Rule) => text(ruleOf(draftOf(a))) === text(ruleOf(draftOf(b)));

/** In one order of fields. */
const text = (rule: Rule) =>
  JSON.stringify(rule, (_, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => a.localeCompare(b)))
      : value,
  );
