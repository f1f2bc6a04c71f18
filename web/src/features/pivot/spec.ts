import type { PivotSpec } from "../../api/types";
import { readSegment } from "../../report/segment";
import { addDays, readPeriod, type PeriodSearch } from "../../ui/period";

export const TEXT_DIMENSIONS = [
  "region",
  "channel",
  "utm_source",
  "utm_medium",
  "campaign",
  "dealer",
  "model",
  "event",
  "source",
  "currency",
] as const;
export const TIME_DIMENSIONS = ["day", "week", "month", "quarter", "year"] as const;
export const DIMENSIONS = [...TEXT_DIMENSIONS, ...TIME_DIMENSIONS] as const;
export type Dimension = (typeof DIMENSIONS)[number];

/** The measures in the order of the way from money to sale, as the picker groups them. */
export const MEASURE_GROUPS = {
  spend: ["cost", "impressions", "clicks", "ctr", "cpc", "cpm"],
  result: [
    "micro_conversions",
    "macro_conversions",
    "leads",
    "lead_people",
    "sales",
    "buyers",
    "new_customers",
    "revenue",
    "average_sale",
  ],
  efficiency: [
    "cost_per_micro",
    "cost_per_macro",
    "cpl",
    "cac",
    "cost_per_sale",
    "click_to_micro",
    "click_to_lead",
    "lead_to_sale",
    "drr",
    "romi",
    "profit",
  ],
} as const;
export const CONVERSION_MEASURES = ["conversion", "conversion_people", "conversion_value", "conversion_cost"] as const;
export const MEASURES = [...MEASURE_GROUPS.spend, ...MEASURE_GROUPS.result, ...MEASURE_GROUPS.efficiency] as const;

export const ROWS_MAX = 3;
export const COLUMNS_MAX = 2;
export const MEASURES_MAX = 24;
export const DEFAULT_DAYS = 90;
export const DEFAULT_ROWS: Dimension[] = ["region", "channel"];
export const DEFAULT_MEASURES = [
  "cost",
  "impressions",
  "clicks",
  "micro_conversions",
  "leads",
  "sales",
  "revenue",
  "cpl",
  "cac",
  "drr",
  "romi",
];

export type Filter = { dimension: Dimension; values: (string | null)[]; exclude?: boolean };
export type View = "table" | "bars" | "funnel";
/** Which numbers the lines go by: a measure, in a column or over all of them. */
export type Sort = { measure: string; column?: number; ascending?: boolean };

/** A whole pivot in a URL; what is left out is the default. */
export type PivotSearch = PeriodSearch & {
  tab?: "costs";
  rows?: Dimension[];
  columns?: Dimension[];
  measures?: string[];
  filters?: Filter[];
  currency?: string;
  view?: View;
  sort?: Sort;
  segment?: string;
};

/** Reads a pivot from a URL, dropping what does not make sense. */
export function readPivot(search: Record<string, unknown>): PivotSearch {
  const rows = dimensions(search.rows, ROWS_MAX);
  const columns = dimensions(search.columns, COLUMNS_MAX)?.filter((name) => !(rows ?? DEFAULT_ROWS).includes(name));
  const measures = texts(search.measures).filter(isMeasure).slice(0, MEASURES_MAX);
  const filters = Array.isArray(search.filters)
    ? search.filters.flatMap((each: unknown) => readFilter(each) ?? [])
    : [];
  const sort = readSort(search.sort);
  const segment = readSegment(search.segment);
  return {
    ...readPeriod(search),
    ...(search.tab === "costs" && { tab: "costs" as const }),
    ...(rows && !same(rows, DEFAULT_ROWS) && { rows }),
    ...(columns && 0 < columns.length && { columns }),
    ...(0 < measures.length && !same(measures, DEFAULT_MEASURES) && { measures }),
    ...(0 < filters.length && { filters }),
    ...(typeof search.currency === "string" && /^[A-Z]{3}$/.test(search.currency) && { currency: search.currency }),
    ...((search.view === "bars" || search.view === "funnel") && { view: search.view }),
    ...(sort && { sort }),
    ...(segment && { segment }),
  };
}

function readFilter(filter: unknown): Filter | null {
  if (typeof filter !== "object" || filter === null || !("dimension" in filter) || !("values" in filter)) return null;
  const [name] = dimensions([filter.dimension], 1) ?? [];
  if (!name || !Array.isArray(filter.values)) return null;
  const values = filter.values.flatMap((value: unknown) =>
    value === null || typeof value === "string" ? [value] : typeof value === "number" ? [String(value)] : [],
  );
  return { dimension: name, values, ...("exclude" in filter && filter.exclude === true && { exclude: true }) };
}

function readSort(sort: unknown): Sort | null {
  if (typeof sort !== "object" || sort === null || !("measure" in sort) || typeof sort.measure !== "string")
    return null;
  return {
    measure: sort.measure,
    ...("column" in sort && typeof sort.column === "number" && { column: sort.column }),
    ...("ascending" in sort && sort.ascending === true && { ascending: true }),
  };
}

function dimensions(value: unknown, max: number): Dimension[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const known = value.flatMap((name: unknown) => DIMENSIONS.find((dimension) => dimension === name) ?? []);
  return [...new Set(known)].slice(0, max);
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? [...new Set(value.filter((text): text is string => typeof text === "string"))] : [];
}

function isMeasure(name: string): boolean {
  const [kind, id] = name.split(":");
  return id ? CONVERSION_MEASURES.some((known) => known === kind) : MEASURES.some((measure) => measure === name);
}

function same(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((name, at) => name === right[at]);
}

/**
 * The report to ask for.
 *
 * * `days`: first and last day, both included; the report's `to` is the day after.
 * * `zone`: the installation's.
 */
export function reportSpec(search: PivotSearch, days: { from: string; to: string }, zone: string): PivotSpec {
  return {
    rows: search.rows ?? DEFAULT_ROWS,
    columns: search.columns ?? [],
    measures: search.measures ?? DEFAULT_MEASURES,
    filters: (search.filters ?? [])
      .filter(({ values }) => 0 < values.length)
      .map(({ dimension, values, exclude }) => ({ dimension, values, exclude: exclude ?? false })),
    from: days.from,
    to: addDays(days.to, 1),
    tz: zone,
    ...(search.currency && { currency: search.currency }),
    ...(search.segment && { segment: search.segment }),
  };
}

/** What the view of costs asks: what was imported of each channel on each day. */
export function costsSpec(days: { from: string; to: string }, zone: string): PivotSpec {
  return {
    rows: ["channel"],
    columns: ["day"],
    measures: ["cost", "impressions", "clicks", "cost_lines"],
    filters: [],
    from: days.from,
    to: addDays(days.to, 1),
    tz: zone,
  };
}
