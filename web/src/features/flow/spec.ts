import type { Catalogue, FlowSpec } from "../../api/types";
import { eventFilter, readChosen, readDimension, type Chosen, type Dimension } from "../../report/eventFilter";
import { readLength } from "../../report/lengths";
import { readSegment } from "../../report/segment";
import { addDays, readPeriod, type PeriodSearch } from "../../ui/period";

export const DEFAULT_DAYS = 90;
export const DEFAULT_WITHIN = "30d";
export const WITHINS = ["1h", "4h", "1d", "3d", "7d", "14d", "30d", "60d", "90d", "180d", "365d"] as const;
export const STAGES = { min: 2, max: 10 };
export const LOST = { min: 0, max: 6 };
export const BY_MAX = 2;
/** The property that tells one lead from another. */
export const LEAD = "lead_id";
const PER_CHARS_MAX = 100;

/** A whole flow report in a URL; what is left out is the default. An empty `per` follows people. */
export type FlowSearch = PeriodSearch & {
  segment?: string;
  stages?: Chosen[];
  lost?: Chosen[];
  per?: string;
  within?: string;
  by?: Dimension[];
  /** Number of the stage whose curve is drawn, from 1. */
  stage?: number;
};

/** What is followed: the stages, what ends the waiting, and whether people or leads go through them. */
export type Way = { stages: Chosen[]; lost: Chosen[]; per: string };

/** Reads a report from a URL, dropping what does not make sense. */
export function readFlow(search: Record<string, unknown>): FlowSearch {
  const stages = readEvents(search.stages, STAGES.max);
  const lost = readEvents(search.lost, LOST.max);
  const within = readLength(search.within);
  const by = Array.isArray(search.by) ? [...new Set(search.by.flatMap((name) => readDimension(name) ?? []))] : [];
  const { per, stage } = search;
  const segment = readSegment(search.segment);
  return {
    ...readPeriod(search),
    ...(segment && { segment }),
    ...(stages && { stages }),
    ...(lost && { lost }),
    ...(typeof per === "string" && per.length <= PER_CHARS_MAX && { per }),
    ...(within && within !== DEFAULT_WITHIN && { within }),
    ...(0 < by.length && { by: by.slice(0, BY_MAX) }),
    ...(typeof stage === "number" && 1 < stage && stage < STAGES.max && { stage: Math.trunc(stage) }),
  };
}

function readEvents(given: unknown, max: number): Chosen[] | undefined {
  return Array.isArray(given) ? given.flatMap((each: unknown) => readChosen(each) ?? []).slice(0, max) : undefined;
}

/**
 * The report to ask for, or `null` while an event is not chosen yet.
 *
 * * `days`: first and last day, both included; the report's `to` is the day after.
 */
export function reportSpec(
  { stages, lost, per }: Way,
  { within = DEFAULT_WITHIN, by = [], segment }: FlowSearch,
  days: { from: string; to: string },
  zone: string,
): FlowSpec | null {
  if (stages.length < STAGES.min || [...stages, ...lost].some(({ event }) => event === "")) return null;
  return {
    stages: stages.map(eventFilter),
    lost: lost.map(eventFilter),
    ...(per !== "" && { per }),
    within,
    from: days.from,
    to: addDays(days.to, 1),
    tz: zone,
    by,
    ...(segment && { segment }),
  };
}

export type Example = { key: "leads" | "delivery"; way: Way; within: string; days: number };

// What an installation does not send is skipped.
const LEAD_STAGES = [
  "lead_created",
  "lead_qualified",
  "lead_accepted",
  "lead_contacted",
  "test_drive_done",
  "offer_made",
  "contract_signed",
  "delivered",
];
const ENDS = ["lead_lost", "lead_silent", "order_cancelled"];

/** The examples that the installation's events allow. */
export function examples(events: Catalogue["events"]): Example[] {
  const known = new Set(events.map(({ event }) => event));
  const chosen = (names: string[]) => names.filter((event) => known.has(event)).map((event) => ({ event }));
  const way = (stages: string[]) => ({ stages: chosen(stages), lost: chosen(ENDS), per: LEAD });
  const all: Example[] = [
    { key: "leads", way: way(LEAD_STAGES), within: DEFAULT_WITHIN, days: DEFAULT_DAYS },
    { key: "delivery", way: way(["contract_signed", "delivered"]), within: "90d", days: 365 },
  ];
  return all.filter(({ way: { stages } }) => STAGES.min <= stages.length);
}

/** What a report begins with: the first example, else the two most frequent events. */
export function firstWay(events: Catalogue["events"]): Way {
  const [example] = examples(events);
  if (example) return example.way;
  const frequent = events.toSorted((a, b) => b.count - a.count).slice(0, STAGES.min);
  return { stages: frequent.map(({ event }) => ({ event })), lost: [], per: "" };
}
