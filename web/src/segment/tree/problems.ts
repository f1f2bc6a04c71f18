import {
  COLUMNS,
  comparesNumbers,
  PROPERTY,
  readSpan,
  takesMany,
  takesNoValue,
  type Condition,
  type Events,
  type Rule,
  type Span,
  type Test,
} from "../rule";
import { CONDITIONS_MAX, conditionsOf, DEPTH_MAX, depthOf, ruleOf, type DraftGroup, type DraftNode } from "./draft";

/**
 * What keeps a condition from being asked.
 *
 * * `place`: the field that it is about, as the editor names it: `event`, `where.0.values`, …
 * * `sort`: `missing` until somebody fills it in; `wrong` is to be mended whenever it is seen.
 */
export type Problem = { place: string; sort: "missing" | "wrong"; why: Why };
export type Why =
  | "event"
  | "field"
  | "unknown_field"
  | "value"
  | "number"
  | "long"
  | "span"
  | "between"
  | "trait"
  | "days"
  | "days_order"
  | "identifier"
  | "purpose"
  | "steps"
  | "stages"
  | "segment"
  | "seed"
  | "share";

const LONGEST_MINUTES = 3_660 * 24 * 60;
const MINUTES = { m: 1, h: 60, d: 24 * 60, w: 7 * 24 * 60 } as const;
const VALUE_BYTES_MAX = 500;

export function problemsOf(condition: Condition): Problem[] {
  switch (condition.if) {
    case "did":
      return [
        ...events(condition, ""),
        ...(condition.measure.of === "count" ? [] : field(condition.measure.field, "measure")),
        ...number(condition.is.number, "number"),
        ...(condition.within && "last" in condition.within ? span(condition.within.last, "within") : []),
        ...(condition.within &&
        "between" in condition.within &&
        condition.within.between.to_us <= condition.within.between.from_us
          ? [{ place: "within", sort: "wrong", why: "between" } as const]
          : []),
      ];
    case "value":
      return [...events(condition, ""), ...field(condition.field, "field"), ...test(condition.is, "is")];
    case "sequence":
      return [
        ...condition.steps.flatMap((step, at) => events(step, `steps.${at}.`)),
        ...(condition.steps.length < 2 ? [{ place: "steps", sort: "missing", why: "steps" } as const] : []),
        ...span(condition.span, "span"),
        ...(condition.within === undefined ? [] : span(condition.within, "within")),
      ];
    case "trait":
      return [...named(condition.name, "name", "trait"), ...test(condition.is, "is")];
    case "date":
      return [...named(condition.name, "name", "trait"), ...days(condition)];
    case "identifier":
      return named(condition.kind, "kind", "identifier");
    case "consent":
      return named(condition.purpose, "purpose", "purpose");
    case "seen":
      return span(condition.within, "within");
    case "came":
    case "place":
      return test(condition.is, "is");
    case "stage":
      return [
        ...(condition.stages.length === 0 ? [{ place: "stages", sort: "missing", why: "stages" } as const] : []),
        ...(condition.at_least === undefined ? [] : span(condition.at_least, "at_least")),
        ...(condition.less_than === undefined ? [] : span(condition.less_than, "less_than")),
      ];
    case "orders":
      return [
        ...number(condition.is.number, "number"),
        ...(condition.within === undefined ? [] : span(condition.within, "within")),
      ];
    case "segment":
      return named(condition.segment_id, "segment", "segment");
    case "share":
      return [
        ...named(condition.seed, "seed", "seed"),
        ...(condition.to <= condition.from || condition.from < 0 || 1_000 < condition.to
          ? [{ place: "to", sort: "wrong", why: "share" } as const]
          : []),
      ];
  }
}

function named(text: string, place: string, why: Why): Problem[] {
  return text.trim() === "" ? [{ place, sort: "missing", why }] : [];
}

function events({ event, where = [] }: Events, prefix: string): Problem[] {
  return [
    ...named(event, `${prefix}event`, "event"),
    ...where.flatMap((filter, at) => [
      ...field(filter.field, `${prefix}where.${at}.field`),
      ...test(filter, `${prefix}where.${at}`),
    ]),
  ];
}

function field(given: string, place: string): Problem[] {
  if (given.trim() === "") return [{ place, sort: "missing", why: "field" }];
  const path = given.startsWith(PROPERTY) ? given.slice(PROPERTY.length) : null;
  const isKnown = path === null ? COLUMNS.some((column) => column === given) : path !== "" && path.length <= 200;
  return isKnown ? [] : [{ place, sort: "wrong", why: "unknown_field" }];
}

function test({ op, values = [] }: Test, place: string): Problem[] {
  if (takesNoValue(op)) return [];
  const at = `${place}.values`;
  if (values.length === 0 || (!takesMany(op) && values[0] === ""))
    return [{ place: at, sort: "missing", why: "value" }];
  if (comparesNumbers(op) && !isNumber(values[0] ?? "")) return [{ place: at, sort: "wrong", why: "number" }];
  const bytes = (value: string) => new TextEncoder().encode(value).length;
  return values.some((value) => VALUE_BYTES_MAX < bytes(value)) ? [{ place: at, sort: "wrong", why: "long" }] : [];
}

/** As the server reads a number: with a dot, without anything around it. */
const isNumber = (text: string) => /^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/.test(text);

function number(given: number, place: string): Problem[] {
  return Number.isFinite(given) ? [] : [{ place, sort: "missing", why: "number" }];
}

function span(given: Span, place: string): Problem[] {
  const read = readSpan(given);
  if (read && read.count * MINUTES[read.unit] <= LONGEST_MINUTES) return [];
  return [{ place, sort: read ? "wrong" : "missing", why: "span" }];
}

function days({ from_days: from, to_days: to }: { from_days?: number; to_days?: number }): Problem[] {
  if (from === undefined && to === undefined) return [{ place: "days", sort: "missing", why: "days" }];
  return from !== undefined && to !== undefined && to < from
    ? [{ place: "days", sort: "wrong", why: "days_order" }]
    : [];
}

/** Whether the server would take the rule, as far as the tree alone can tell. */
export function canAsk(root: DraftGroup): boolean {
  const conditions = conditionsOf(root);
  return (
    0 < conditions.length &&
    conditions.length <= CONDITIONS_MAX &&
    depthOf(ruleOf(root)) <= DEPTH_MAX &&
    conditions.every(({ condition }) => problemsOf(condition).length === 0)
  );
}

/** The conditions that can be asked already, the groups without any left out; `null` for none. */
export function wholePart(root: DraftGroup): Rule | null {
  const part = (group: DraftGroup): DraftGroup => ({
    ...group,
    nodes: group.nodes.flatMap((node): DraftNode[] => {
      if (!("nodes" in node)) return problemsOf(node.condition).length === 0 ? [node] : [];
      const inside = part(node);
      return inside.nodes.length === 0 ? [] : [inside];
    }),
  });
  const whole = part(root);
  return whole.nodes.length === 0 || DEPTH_MAX < depthOf(ruleOf(whole)) ? null : ruleOf(whole);
}
