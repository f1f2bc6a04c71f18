import type { Catalogue, RetentionSpec } from "../../api/types";
import { eventFilter, readChosen, readDimension, type Chosen, type Dimension } from "../../report/eventFilter";
import { readSegment } from "../../report/segment";
import { addDays, readPeriod, type PeriodSearch } from "../../ui/period";

export const GRAINS = ["day", "week", "month"] as const;
export type Grain = (typeof GRAINS)[number];
export const ENTRIES = ["first", "first_ever", "each"] as const;
export type Entry = (typeof ENTRIES)[number];
export const COUNTS = ["on", "after"] as const;
/** `on`: came back in the period; `after`: in the period or later. */
export type Count = (typeof COUNTS)[number];
export const DEFAULT_DAYS = 90;
export const PERIODS: Record<Grain, number> = { day: 14, week: 12, month: 12 };

/** A whole retention report in a URL; what is left out is the default. */
export type RetentionSearch = PeriodSearch & {
  cohort?: Chosen;
  back?: Chosen;
  grain?: Grain;
  entry?: Entry;
  count?: Count;
  by?: Dimension;
  segment?: string;
};

/** Reads a report from a URL, dropping what does not make sense. */
export function readRetention(search: Record<string, unknown>): RetentionSearch {
  const cohort = readChosen(search.cohort);
  const back = readChosen(search.back);
  const grain = GRAINS.find((known) => known === search.grain && known !== "week");
  const entry = ENTRIES.find((known) => known === search.entry && known !== "first");
  const by = readDimension(search.by);
  const segment = readSegment(search.segment);
  return {
    ...readPeriod(search),
    ...(cohort && { cohort }),
    ...(back && { back }),
    ...(grain && { grain }),
    ...(entry && { entry }),
    ...(search.count === "after" && { count: "after" as const }),
    ...(by && { by }),
    ...(segment && { segment }),
  };
}

/**
 * The report to ask for, or `null` while an event is not chosen yet.
 *
 * * `days`: first and last day on which people begin, both included; the report's `to` is the day after.
 */
export function reportSpec(
  { cohort, back }: { cohort: Chosen; back: Chosen },
  { grain = "week", entry = "first", by, segment }: RetentionSearch,
  days: { from: string; to: string },
  zone: string,
): RetentionSpec | null {
  if (cohort.event === "" || back.event === "") return null;
  return {
    cohort: eventFilter(cohort),
    return: eventFilter(back),
    grain,
    entry,
    periods: PERIODS[grain],
    from: days.from,
    to: addDays(days.to, 1),
    tz: zone,
    by: by ? [by] : [],
    ...(segment && { segment }),
  };
}

export type Example = {
  key: "visits" | "service" | "repeat";
  cohort: string;
  back: string;
  grain: Grain;
  days: number;
};

const EXAMPLES: Example[] = [
  { key: "visits", cohort: "page_viewed", back: "page_viewed", grain: "week", days: 90 },
  { key: "service", cohort: "delivered", back: "service_visit", grain: "month", days: 365 },
  { key: "repeat", cohort: "contract_signed", back: "contract_signed", grain: "month", days: 365 },
];

/** The examples that the installation's events allow. */
export function examples(events: Catalogue["events"]): Example[] {
  const known = new Set(events.map(({ event }) => event));
  return EXAMPLES.filter(({ cohort, back }) => known.has(cohort) && known.has(back));
}

/** What a report begins with: the first example, else the most frequent event. */
export function firstEvents(events: Catalogue["events"]): { cohort: Chosen; back: Chosen } {
  const [example] = examples(events);
  const frequent = events.toSorted((a, b) => b.count - a.count)[0]?.event ?? "";
  return { cohort: { event: example?.cohort ?? frequent }, back: { event: example?.back ?? frequent } };
}
