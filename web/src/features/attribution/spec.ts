import type { AttributionSpec } from "../../api/types";
import { DIMENSIONS, eventFilter, readChosen, type Chosen, type Dimension } from "../../report/eventFilter";
import { readSegment } from "../../report/segment";
import { addDays, readPeriod, type PeriodSearch } from "../../ui/period";

export const MODELS = [
  "first",
  "last",
  "last_non_direct",
  "linear",
  "position",
  "time_decay",
  "shapley",
  "markov",
] as const;
export type Model = (typeof MODELS)[number];
export const FIGURES = ["conversions", "revenue", "cost_per_conversion", "romi", "drr"] as const;
export type Figure = (typeof FIGURES)[number];
export const LOOKBACKS = ["7d", "30d", "90d", "180d", "365d", "730d"] as const;
export const HALF_LIVES = ["1d", "3d", "7d", "14d", "30d", "90d"] as const;
export const DEFAULT_LOOKBACK = "365d";
export const DEFAULT_HALF_LIFE = "7d";
export const DEFAULT_ENDS = 40;
export const DEFAULT_DAYS = 90;
export const DRAWN: Model[] = ["last", "linear", "markov"];

/** A whole attribution report in a URL; what is left out is the default. */
export type AttributionSearch = PeriodSearch & {
  /** An event; without it confirmed orders. */
  conversion?: Chosen;
  by?: Dimension[];
  lookback?: string;
  half_life?: string;
  /** Percent of the first and of the last touch in the model `position`. */
  ends?: number;
  order?: number;
  figure?: Figure;
  /** The models that the chart shows. */
  models?: Model[];
  segment?: string;
};

/** Reads a report from a URL, dropping what does not make sense. */
export function readAttribution(search: Record<string, unknown>): AttributionSearch {
  const conversion = readChosen(search.conversion);
  const by = list(search.by, DIMENSIONS).slice(0, 3);
  const models = list(search.models, MODELS);
  const figure = FIGURES.find((known) => known === search.figure && known !== "conversions");
  const lookback = LOOKBACKS.find((known) => known === search.lookback && known !== DEFAULT_LOOKBACK);
  const halfLife = HALF_LIVES.find((known) => known === search.half_life && known !== DEFAULT_HALF_LIFE);
  const ends = search.ends;
  const segment = readSegment(search.segment);
  return {
    ...readPeriod(search),
    ...(conversion && { conversion }),
    ...(0 < by.length && { by }),
    ...(lookback && { lookback }),
    ...(halfLife && { half_life: halfLife }),
    ...(typeof ends === "number" && 0 <= ends && ends <= 50 && ends !== DEFAULT_ENDS && { ends }),
    ...((search.order === 2 || search.order === 3) && { order: search.order }),
    ...(figure && { figure }),
    ...(0 < models.length && { models }),
    ...(segment && { segment }),
  };
}

function list<T extends string>(given: unknown, known: readonly T[]): T[] {
  return Array.isArray(given) ? known.filter((each) => given.includes(each)) : [];
}

/**
 * The report to ask for, or `null` while an event is not chosen yet.
 *
 * * `days`: first and last day of conversions, both included; the report's `to` is the day after.
 */
export function reportSpec(
  { conversion, by, lookback, half_life, ends = DEFAULT_ENDS, order, segment }: AttributionSearch,
  days: { from: string; to: string },
  zone: string,
): AttributionSpec | null {
  if (conversion?.event === "") return null;
  return {
    ...(conversion && { conversion: eventFilter(conversion) }),
    by: by ?? ["channel"],
    lookback: lookback ?? DEFAULT_LOOKBACK,
    half_life: half_life ?? DEFAULT_HALF_LIFE,
    position: [ends / 100, ends / 100],
    order: order ?? 1,
    from: days.from,
    to: addDays(days.to, 1),
    tz: zone,
    ...(segment && { segment }),
  };
}
