import type { LookColumn } from "../../api/types";

/** Where a value comes from: docs/import.md. */
export type Pick = {
  column?: string;
  value?: unknown;
  map?: Record<string, string>;
  default?: unknown;
  optional?: boolean;
  unit?: string;
  zone?: string;
  format?: string;
  [other: string]: unknown;
};

/** How to read the file. */
export type Read = {
  encoding?: string;
  delimiter?: string;
  header_row?: number;
  sheet?: string;
  decimal?: string;
  quotes?: boolean;
};

type Lists = "external_ids" | "traits" | "properties";
const LISTS: readonly Lists[] = ["external_ids", "traits", "properties"];
const OWN = new Set(["type", "external_ids", "traits", "properties", "rest", "read"]);

/** A mapping file, as the command line and the server read it. */
export type Mapping = {
  type?: string;
  external_ids?: Record<string, Pick>;
  traits?: Record<string, Pick>;
  properties?: Record<string, Pick>;
  rest?: "drop" | "properties" | "traits";
  read?: Read;
} & { [field: string]: unknown };

/** What becomes of a column. */
export type Target =
  | { to: "ignore" }
  | { to: "rest" }
  | { to: "field"; name: string }
  | { to: "external" | "trait" | "property"; name: string };

const LIST_OF = { external: "external_ids", trait: "traits", property: "properties" } as const;
const TO_OF = { external_ids: "external", traits: "trait", properties: "property" } as const;

export function fieldsOf(mapping: Mapping): [string, Pick][] {
  return Object.entries(mapping).filter((entry): entry is [string, Pick] => !OWN.has(entry[0]) && isPick(entry[1]));
}

function isPick(value: unknown): value is Pick {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What the mapping does with a column; the first use, where it has several. */
export function targetOf(mapping: Mapping, column: string): Target {
  const field = fieldsOf(mapping).find(([, pick]) => pick.column === column);
  if (field) return { to: "field", name: field[0] };
  for (const list of LISTS) {
    const held = Object.entries(mapping[list] ?? {}).find(([, pick]) => pick.column === column);
    if (held) return { to: TO_OF[list], name: held[0] };
  }
  return { to: mapping.rest && mapping.rest !== "drop" ? "rest" : "ignore" };
}

export function pickOf(mapping: Mapping, target: Target): Pick | undefined {
  if (target.to === "field") return fieldsOf(mapping).find(([name]) => name === target.name)?.[1];
  if (target.to === "ignore" || target.to === "rest") return undefined;
  return mapping[LIST_OF[target.to]]?.[target.name];
}

/** The mapping with the column used for `target` and for nothing else. Another column that had the same field loses it. */
export function assign(mapping: Mapping, columns: readonly LookColumn[], column: string, target: Target): Mapping {
  const held = pickOf(mapping, targetOf(mapping, column));
  const free = without(mapping, column);
  if (target.to === "rest") return { ...free, rest: restOf(mapping) };
  if (target.to === "ignore") return spelledOut(free, columns, column);
  // What was said of the column, its zone or its translations, is said of it still.
  return withPick(free, target, { ...kept(held, target), column });
}

/** The mapping with other words on how a target is read. */
export function withPick(mapping: Mapping, target: Target, pick: Pick): Mapping {
  const lean = Object.fromEntries(Object.entries(pick).filter(([, value]) => !isBlank(value)));
  if (target.to === "field") return { ...mapping, [target.name]: lean };
  if (target.to === "ignore" || target.to === "rest") return mapping;
  const list = LIST_OF[target.to];
  return { ...mapping, [list]: { ...mapping[list], [target.name]: lean } };
}

/** Fields with the same value in all rows. */
export function constantsOf(mapping: Mapping): [string, string][] {
  return fieldsOf(mapping)
    .filter(([, pick]) => pick.column === undefined && pick.value !== undefined)
    .map(([name, pick]) => [name, String(pick.value)]);
}

export function withoutField(mapping: Mapping, name: string): Mapping {
  const { [name]: _gone, ...rest } = mapping;
  return rest as Mapping;
}

/** Fields whose values are times. */
export function isTime(target: Target): boolean {
  return target.to === "field" && (target.name === "timestamp" || target.name === "day");
}

function isBlank(value: unknown): boolean {
  return (
    value === undefined ||
    value === "" ||
    value === null ||
    (typeof value === "object" && !Array.isArray(value) && Object.keys(value ?? {}).length === 0)
  );
}

function kept(held: Pick | undefined, target: Target): Pick {
  if (!held) return {};
  const { unit, zone, format, map, default: otherwise, optional } = held;
  return { map, default: otherwise, optional, ...(isTime(target) && { unit, zone, format }) };
}

function restOf(mapping: Mapping): "properties" | "traits" {
  return mapping.rest === "traits" ? "traits" : "properties";
}

function without(mapping: Mapping, column: string): Mapping {
  const isOther = ([, pick]: [string, Pick]) => pick.column !== column;
  const used = new Set(
    fieldsOf(mapping)
      .filter((entry) => !isOther(entry))
      .map(([name]) => name),
  );
  const next = Object.fromEntries(Object.entries(mapping).filter(([name]) => !used.has(name))) as Mapping;
  for (const list of LISTS) {
    if (next[list]) next[list] = Object.fromEntries(Object.entries(next[list]).filter(isOther));
  }
  return next;
}

/** "All the rest" cannot leave one out: where it said so, each column says it for itself. */
function spelledOut(mapping: Mapping, columns: readonly LookColumn[], ignored: string): Mapping {
  if (!mapping.rest || mapping.rest === "drop") return mapping;
  const list = mapping.rest;
  const taken = new Set([
    ...fieldsOf(mapping).map(([name]) => name),
    ...Object.keys(mapping[list] ?? {}),
    "email",
    "phone",
  ]);
  const own: Record<string, Pick> = {};
  for (const { name } of columns) {
    if (name === ignored || targetOf(mapping, name).to !== "rest") continue;
    let free = name;
    for (let number = 2; taken.has(free); number += 1) free = `${name}_${number}`;
    taken.add(free);
    own[free] = { column: name, optional: true };
  }
  return { ...mapping, rest: "drop", [list]: { ...mapping[list], ...own } };
}
