import type { MessageChannel } from "../message/channels";

// Rules as the server keeps them: crates/model/src/rule.rs and measure.rs.

export const OPS = [
  "is",
  "is_not",
  "contains",
  "starts_with",
  "above",
  "at_least",
  "below",
  "at_most",
  "exists",
  "absent",
] as const;
export type Op = (typeof OPS)[number];
export type Test = { op: Op; values?: string[] };
/** On a column or a property of an event: `region`, `value`, …, `properties.…`. */
export type Filter = { field: string } & Test;
/** `event` is `*` for every event. */
export type Events = { event: string; where?: Filter[] };

export const NUMBER_OPS = ["at_least", "at_most", "above", "below", "equal"] as const;
export type NumberOp = (typeof NUMBER_OPS)[number];
export type Compared = { op: NumberOp; number: number };

export type Counted = { of: "count" } | { of: "sum" | "distinct"; field: string };
/** `30m`, `12h`, `30d`, `2w`. */
export type Span = string;
export type Within = { last: Span } | { between: { from_us: number; to_us: number } };

export const WHICH = ["latest", "first"] as const;
export type Which = (typeof WHICH)[number];
export const CAME_BY = ["channel", "utm_source", "utm_medium", "campaign"] as const;
export type CameBy = (typeof CAME_BY)[number];
export const PLACES = ["region", "dealer"] as const;
export type Place = (typeof PLACES)[number];

export const CONSENT_IS = ["given", "withdrawn", "unknown"] as const;
export type ConsentIs = (typeof CONSENT_IS)[number];

/** What can be said of one person. */
export type Condition =
  | { if: "trait"; name: string; is: Test }
  | { if: "date"; name: string; from_days?: number; to_days?: number }
  | { if: "identifier"; kind: string }
  | { if: "consent"; purpose: string; message_channel?: MessageChannel; controller?: string; is: ConsentIs }
  | ({ if: "did"; measure: Counted; is: Compared; within?: Within } & Events)
  | ({ if: "value"; which: Which; field: string; is: Test } & Events)
  | { if: "sequence"; steps: Events[]; span: Span; within?: Span }
  | { if: "seen"; which: Which; within: Span }
  | { if: "came"; which: Which; by: CameBy; is: Test }
  | { if: "place"; by: Place; is: Test }
  | { if: "stage"; stages: string[]; at_least?: Span; less_than?: Span }
  | { if: "orders"; measure: "count" | "revenue"; is: Compared; within?: Span }
  | { if: "segment"; segment_id: string }
  | { if: "share"; seed: string; from: number; to: number };

export type Rule = { if: "all"; rules: Rule[] } | { if: "any"; rules: Rule[] } | { if: "not"; rule: Rule } | Condition;

export const KINDS = [
  "did",
  "value",
  "sequence",
  "trait",
  "date",
  "identifier",
  "consent",
  "seen",
  "came",
  "place",
  "stage",
  "orders",
  "segment",
  "share",
] as const satisfies Condition["if"][];
export type Kind = (typeof KINDS)[number];

/** Columns of an event that conditions may name; anything else is `properties.…`. */
export const COLUMNS = [
  "channel",
  "utm_source",
  "utm_medium",
  "campaign",
  "region",
  "dealer",
  "model",
  "value",
  "currency",
  "url",
  "source",
  "event",
] as const;
export const PROPERTY = "properties.";

export const UNITS = ["m", "h", "d", "w"] as const;
export type Unit = (typeof UNITS)[number];

/** A span's number and unit; `null` for what is none. */
export function readSpan(text: string): { count: number; unit: Unit } | null {
  const [, digits, letter] = /^\s*(\d+)([mhdw])\s*$/.exec(text) ?? [];
  const unit = UNITS.find((known) => known === letter);
  const count = Number(digits);
  return unit && 0 < count ? { count, unit } : null;
}

export const takesNoValue = (op: Op) => op === "exists" || op === "absent";
export const takesMany = (op: Op) => op === "is" || op === "is_not";
export const comparesNumbers = (op: Op) => op === "above" || op === "at_least" || op === "below" || op === "at_most";

/** Whether a value that came from outside looks like a rule throughout; fields are checked where they are edited. */
export function isRule(value: unknown): value is Rule {
  if (typeof value !== "object" || value === null || !("if" in value)) return false;
  const inside = (key: string): unknown => (value as Record<string, unknown>)[key];
  const isTest = (test: unknown) =>
    typeof test === "object" && test !== null && "op" in test && OPS.some((op) => op === test.op) && texts(test);
  const isCompared = (is: unknown) =>
    typeof is === "object" &&
    is !== null &&
    "op" in is &&
    NUMBER_OPS.some((op) => op === is.op) &&
    "number" in is &&
    typeof is.number === "number";
  const isEvents = (of: unknown) =>
    typeof of === "object" &&
    of !== null &&
    "event" in of &&
    typeof of.event === "string" &&
    (!("where" in of) || of.where === undefined || (Array.isArray(of.where) && of.where.every(isFilter)));
  const isFilter = (filter: unknown) => isTest(filter) && typeof (filter as { field?: unknown }).field === "string";
  const isText = (key: string) => typeof inside(key) === "string";
  const isWhich = () => WHICH.some((which) => which === inside("which"));
  switch (value.if) {
    case "all":
    case "any": {
      const rules = inside("rules");
      return Array.isArray(rules) && rules.every(isRule);
    }
    case "not":
      return isRule(inside("rule"));
    case "trait":
      return isText("name") && isTest(inside("is"));
    case "date":
      return isText("name");
    case "identifier":
      return isText("kind");
    case "consent":
      return isText("purpose") && CONSENT_IS.some((is) => is === inside("is"));
    case "did": {
      const measure = inside("measure");
      return isEvents(value) && isCompared(inside("is")) && typeof measure === "object" && measure !== null;
    }
    case "value":
      return isEvents(value) && isWhich() && isText("field") && isTest(inside("is"));
    case "sequence": {
      const steps = inside("steps");
      return Array.isArray(steps) && steps.every(isEvents) && isText("span");
    }
    case "seen":
      return isWhich() && isText("within");
    case "came":
      return isWhich() && CAME_BY.some((by) => by === inside("by")) && isTest(inside("is"));
    case "place":
      return PLACES.some((by) => by === inside("by")) && isTest(inside("is"));
    case "stage":
      return Array.isArray(inside("stages"));
    case "orders":
      return (inside("measure") === "count" || inside("measure") === "revenue") && isCompared(inside("is"));
    case "segment":
      return isText("segment_id");
    case "share":
      return isText("seed") && typeof inside("from") === "number" && typeof inside("to") === "number";
    default:
      return false;
  }
}

function texts(test: object): boolean {
  if (!("values" in test) || test.values === undefined) return true;
  return Array.isArray(test.values) && test.values.every((value) => typeof value === "string");
}
