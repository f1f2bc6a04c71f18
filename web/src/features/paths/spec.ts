import { label } from "../../api/labels";
import type { Catalogue, PathElement, PathsSpec } from "../../api/types";
import { eventFilter, readChosen, valueName, type Chosen } from "../../report/eventFilter";
import { readLength } from "../../report/lengths";
import { readSegment } from "../../report/segment";
import { addDays, readPeriod, type PeriodSearch } from "../../ui/period";

export const DEFAULT_DAYS = 30;
export const STEPS = { min: 1, max: 10, usual: 4 };
export const DEFAULT_WINDOW = "30d";
export const WINDOWS = ["1h", "1d", "7d", "14d", "30d", "60d", "90d", "180d", "365d"] as const;
export const GAPS = ["5m", "30m", "1h", "1d", "7d"] as const;
export const TOPS = [5, 8, 12, 20] as const;
export const DEFAULT_TOP = 8;
export const SPLITS = ["page", "channel", "region", "dealer", "model", "utm_source", "campaign"] as const;
const SPLIT = /^(page|channel|region|dealer|model|utm_source|utm_medium|campaign|source|properties\..{1,100})$/;
const SEQUENCES = 20;
const WITHOUT_MAX = 100;

/** A whole paths report in a URL; what is left out is the default. */
export type PathsSearch = PeriodSearch & {
  segment?: string;
  anchor?: Chosen;
  /** What is followed from the anchor is what came before it; what came after unless told. */
  back?: true;
  steps?: number;
  without?: string[];
  split?: string;
  window?: string;
  gap?: string;
  /** Equal steps that follow each other stay apart. */
  repeats?: true;
  top?: number;
  goal?: Chosen;
};

/** Reads a report from a URL, dropping what does not make sense. */
export function readPaths(search: Record<string, unknown>): PathsSearch {
  const { steps, without, split, top } = search;
  const anchor = readChosen(search.anchor);
  const segment = readSegment(search.segment);
  const goal = readChosen(search.goal);
  const window = readLength(search.window);
  const gap = readLength(search.gap);
  const isCount = typeof steps === "number" && Number.isInteger(steps) && STEPS.min <= steps && steps <= STEPS.max;
  const names = Array.isArray(without) ? without.filter((name): name is string => typeof name === "string") : undefined;
  return {
    ...readPeriod(search),
    ...(segment && { segment }),
    ...(anchor && { anchor }),
    ...(search.back === true && { back: true as const }),
    ...(isCount && steps !== STEPS.usual && { steps }),
    ...(names && { without: names.slice(0, WITHOUT_MAX) }),
    ...(typeof split === "string" && SPLIT.test(split) && { split }),
    ...(window && window !== DEFAULT_WINDOW && { window }),
    ...(gap && { gap }),
    ...(search.repeats === true && { repeats: true as const }),
    ...(TOPS.some((known) => known === top) && top !== DEFAULT_TOP && { top: Number(top) }),
    ...(goal && { goal }),
  };
}

/**
 * The report to ask for, or `null` while its event is not chosen yet.
 *
 * * `without`: events that are no steps, unless the search names them.
 * * `days`: first and last day, both included; the report's `to` is the day after.
 */
export function reportSpec(
  anchor: Chosen,
  without: string[],
  search: PathsSearch,
  days: { from: string; to: string },
  zone: string,
): PathsSpec | null {
  const {
    back,
    steps = STEPS.usual,
    split,
    window = DEFAULT_WINDOW,
    gap,
    repeats,
    top = DEFAULT_TOP,
    goal,
    segment,
  } = search;
  if (anchor.event === "") return null;
  return {
    ...(back ? { end: eventFilter(anchor) } : { start: eventFilter(anchor) }),
    steps,
    without,
    ...(split && { split }),
    window,
    ...(gap && { gap }),
    collapse: !repeats,
    top,
    sequences: SEQUENCES,
    ...(goal && goal.event !== "" && { goal: eventFilter(goal) }),
    from: days.from,
    to: addDays(days.to, 1),
    tz: zone,
    ...(segment && { segment }),
  };
}

/** Events that say nothing of what people do, of those that the installation has. */
export function usualNoise(events: Catalogue["events"]): string[] {
  const noise = new Set(["identify", "identified", "alias", "group"]);
  return events.map(({ event }) => event).filter((event) => noise.has(event));
}

export type Example = {
  key: "after_lead" | "before_lead" | "visit";
  needs: string[];
  search: PathsSearch;
};

const EXAMPLES: Example[] = [
  {
    key: "before_lead",
    needs: ["lead_created"],
    search: { anchor: { event: "lead_created" }, back: true, split: "channel", goal: { event: "contract_signed" } },
  },
  {
    key: "after_lead",
    needs: ["lead_created"],
    search: { anchor: { event: "lead_created" }, window: "90d", days: 90, goal: { event: "contract_signed" } },
  },
  {
    key: "visit",
    needs: ["page_viewed"],
    search: { anchor: { event: "page_viewed" }, gap: "30m", split: "page", goal: { event: "lead_created" } },
  },
];

/** The examples that the installation's events allow; a goal that it has not is left out. */
export function examples(events: Catalogue["events"]): Example[] {
  const known = new Set(events.map(({ event }) => event));
  const offered = EXAMPLES.filter(({ needs }) => needs.every((event) => known.has(event)));
  return offered.map((example) => {
    const { goal, ...rest } = example.search;
    return goal && known.has(goal.event) ? example : { ...example, search: rest };
  });
}

/** What a report begins with: the first example, else the most frequent event. */
export function firstSearch(events: Catalogue["events"]): PathsSearch {
  const [example] = examples(events);
  if (example) return example.search;
  return { anchor: { event: events.toSorted((a, b) => b.count - a.count)[0]?.event ?? "" } };
}

/** What a step is called. */
export function elementName({ event, value }: PathElement, split: string | null | undefined): string {
  const named = split ? valueName(split, value) : null;
  return named === null ? label("event", event) : `${label("event", event)} · ${named}`;
}
