import type { Catalogue, FunnelSpec } from "../../api/types";
import {
  DIMENSIONS,
  eventFilter,
  readChosen,
  readDimension,
  type Chosen,
  type Dimension,
} from "../../report/eventFilter";
import { readLength } from "../../report/lengths";
import { readSegment } from "../../report/segment";
import { addDays, readPeriod, type PeriodSearch } from "../../ui/period";

export { DIMENSIONS, type Dimension };
export const WINDOWS = ["1h", "1d", "3d", "7d", "14d", "30d", "60d", "90d", "180d", "365d"] as const;
export const DEFAULT_WINDOW = "90d";
export const DEFAULT_DAYS = 90;
export const STEPS_MAX = 10;

/** What the steps of one way may have to share: a dimension, or the lead. */
export const HOLDS = ["model", "dealer", "lead", "region", "channel"] as const;
export type Hold = (typeof HOLDS)[number];
/** How strictly the steps follow each other; the default allows whatever happens in between. */
export const ORDERS = ["strict_order", "strict_increase", "strict_deduplication"] as const;
export type Order = (typeof ORDERS)[number];
export const GRAINS = ["day", "week", "month"] as const;
export type Grain = (typeof GRAINS)[number];
export const DEFAULT_GRAIN: Grain = "week";
export const EXCLUSIONS_MAX = 3;
/** What is compared with, beside a segment's id. */
export const PREVIOUS = "previous";
export const EVERYBODY = "everybody";

/** One step of a funnel as it is built and as it stands in the URL: an event, narrowed by at most one value. */
export type Step = Chosen;

/** What must not happen: anywhere on the way, or after step `after` and before the next. */
export type Excluded = Chosen & { after?: number };

/** Where the value is taken that people are broken down by: the first step, a later one, or a touch. */
export type At = number | "first" | "last";

/** A whole funnel in a URL; what is left out is the default. */
export type FunnelSearch = PeriodSearch & {
  steps?: Step[];
  window?: string;
  by?: Dimension;
  at?: At;
  segment?: string;
  exclusions?: Excluded[];
  hold?: Hold;
  order?: Order;
  versus?: string;
  trend?: Grain;
};

/** Reads a funnel from a URL, dropping what does not make sense. */
export function readFunnel(search: Record<string, unknown>): FunnelSearch {
  const steps = readEach(search.steps, readChosen).slice(0, STEPS_MAX);
  const exclusions = readEach(search.exclusions, readExcluded).slice(0, EXCLUSIONS_MAX);
  const by = readDimension(search.by);
  const at = by && readAt(search.at);
  const segment = readSegment(search.segment);
  const hold = HOLDS.find((known) => known === search.hold);
  const order = ORDERS.find((known) => known === search.order);
  const trend = GRAINS.find((known) => known === search.trend);
  const versus = search.versus === PREVIOUS || search.versus === EVERYBODY ? search.versus : readSegment(search.versus);
  const window = readLength(search.window);
  return {
    ...readPeriod(search),
    ...(0 < steps.length && { steps }),
    ...(window && window !== DEFAULT_WINDOW && { window }),
    ...(by && { by }),
    ...(at && { at }),
    ...(segment && { segment }),
    ...(0 < exclusions.length && { exclusions }),
    ...(hold && { hold }),
    ...(order && { order }),
    ...(versus && { versus }),
    ...(trend && trend !== DEFAULT_GRAIN && { trend }),
  };
}

function readEach<T>(given: unknown, read: (each: unknown) => T | undefined): T[] {
  return Array.isArray(given) ? given.flatMap((each: unknown) => read(each) ?? []) : [];
}

function readExcluded(given: unknown): Excluded | undefined {
  const chosen = readChosen(given);
  const after = typeof given === "object" && given !== null && "after" in given ? given.after : undefined;
  return chosen && { ...chosen, ...(isPlace(after) && { after }) };
}

function readAt(given: unknown): At | undefined {
  if (given === "first" || given === "last") return given;
  return isPlace(given) && 1 < given ? given : undefined;
}

function isPlace(given: unknown): given is number {
  return typeof given === "number" && Number.isInteger(given) && 0 < given && given <= STEPS_MAX;
}

/**
 * The report to ask for, or `null` while there is nothing to ask: a step is still without its event.
 *
 * * `days`: first and last day, both included; the report's `to` is the day after.
 */
export function reportSpec(
  steps: Step[],
  {
    window = DEFAULT_WINDOW,
    by,
    at,
    segment,
    exclusions = [],
    hold,
    order,
    versus,
    trend = DEFAULT_GRAIN,
  }: FunnelSearch,
  days: { from: string; to: string },
  zone: string,
): FunnelSpec | null {
  if (steps.length === 0 || steps.some(({ event }) => event === "")) return null;
  const count = steps.length;
  // What a shorter funnel has no room for is left out until it is longer again.
  const excluded = exclusions.filter(({ event, after = 1 }) => event !== "" && after < count);
  return {
    steps: steps.map(eventFilter),
    window,
    from: days.from,
    to: addDays(days.to, 1),
    tz: zone,
    by: by ? [by] : [],
    trend,
    ...(by && typeof at === "number" && at <= count && { by_step: at }),
    ...(by && typeof at === "string" && { by_touch: at }),
    ...(segment && { segment }),
    ...(0 < excluded.length && {
      exclusions: excluded.map(({ after, ...chosen }) => ({
        ...eventFilter(chosen),
        ...(after && { after, before: after + 1 }),
      })),
    }),
    ...(hold && { hold: [hold === "lead" ? "properties.lead_id" : hold] }),
    ...(order && { modes: [order] }),
    ...(versus === PREVIOUS ? { compare: PREVIOUS } : versus && { versus }),
  };
}

// The way of a buyer, from looking to owning; what an installation does not send is skipped.
const USUAL_WAY = ["car_viewed", "lead_created", "test_drive_done", "contract_signed", "delivered"];

/** A funnel to begin with: the usual way as far as its events are known, else the three most frequent events. */
export function firstSteps(events: Catalogue["events"]): Step[] {
  const known = new Set(events.map(({ event }) => event));
  const usual = USUAL_WAY.filter((event) => known.has(event));
  const frequent = events.toSorted((a, b) => b.count - a.count).map(({ event }) => event);
  return (2 <= usual.length ? usual : frequent.slice(0, 3)).map((event) => ({ event }));
}

export function movedStep(steps: Step[], from: number, to: number): Step[] {
  const moved = steps[from];
  if (!moved || to < 0 || steps.length <= to) return steps;
  return steps.toSpliced(from, 1).toSpliced(to, 0, moved);
}
