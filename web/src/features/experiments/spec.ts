import type { Catalogue, ExperimentSpec, FoundExperiment } from "../../api/types";
import { eventFilter, readChosen, type Chosen } from "../../report/eventFilter";
import { readLength } from "../../report/lengths";
import { readSegment } from "../../report/segment";
import { addDays, readPeriod, type PeriodSearch } from "../../ui/period";

export const DEFAULT_DAYS = 90;
export const DEFAULT_WINDOW = "14d";
export const WINDOWS = ["1h", "1d", "3d", "7d", "14d", "30d", "60d", "90d", "180d"] as const;
export const MEASURES = ["people", "events", "sum"] as const;
export type Measure = (typeof MEASURES)[number];
export const CONFIDENCES = [0.9, 0.95, 0.99] as const;
export const DEFAULT_CONFIDENCE = 0.95;
export const DEFAULT_PLANNED = 10_000;
export const PLANNED = { min: 100, max: 1_000_000_000 };
export const PROPERTY = "properties.";
const NAME_CHARS_MAX = 200;

/** A whole experiment's report in a URL; what is left out is the default, or the latest experiment. */
export type ExperimentSearch = PeriodSearch & {
  experiment?: string;
  control?: string;
  goal?: Chosen;
  measure?: Measure;
  /** A property; without it the event's value. */
  sum_of?: string;
  window?: string;
  planned?: number;
  confidence?: number;
  segment?: string;
};

/** Reads a report from a URL, dropping what does not make sense. */
export function readExperiment(search: Record<string, unknown>): ExperimentSearch {
  const goal = readChosen(search.goal);
  const measure = MEASURES.find((known) => known === search.measure && known !== "people");
  const window = readLength(search.window);
  const confidence = CONFIDENCES.find((known) => known === search.confidence && known !== DEFAULT_CONFIDENCE);
  const segment = readSegment(search.segment);
  const { planned } = search;
  // An address makes numbers of names such as "7".
  const name = (value: unknown) => {
    const text = typeof value === "number" || typeof value === "boolean" ? String(value) : value;
    return typeof text === "string" && text !== "" && text.length <= NAME_CHARS_MAX ? text : undefined;
  };
  const experiment = name(search.experiment);
  const control = name(search.control);
  const sum_of = measure === "sum" ? name(search.sum_of) : undefined;
  return {
    ...readPeriod(search),
    ...(experiment && { experiment }),
    ...(control && { control }),
    ...(goal && { goal }),
    ...(measure && { measure }),
    ...(sum_of && { sum_of }),
    ...(window && window !== DEFAULT_WINDOW && { window }),
    ...(typeof planned === "number" &&
      planned !== DEFAULT_PLANNED &&
      PLANNED.min <= planned &&
      planned <= PLANNED.max && { planned: Math.trunc(planned) }),
    ...(confidence && { confidence }),
    ...(segment && { segment }),
  };
}

/** The experiment that a report is about: the one that the address names, else the one last seen. */
export function chosenExperiment(
  experiments: readonly FoundExperiment[],
  { experiment }: ExperimentSearch,
): FoundExperiment | undefined {
  return experiments.find(({ name }) => name === experiment) ?? (experiment === undefined ? experiments[0] : undefined);
}

/**
 * The report to ask for, or `null` while its goal is not chosen yet.
 *
 * * `days`: first and last day on which people are shown a variant, both included; the report's `to` is the day after.
 */
export function reportSpec(
  experiment: FoundExperiment,
  goal: Chosen,
  {
    control,
    measure = "people",
    sum_of,
    window = DEFAULT_WINDOW,
    planned = DEFAULT_PLANNED,
    confidence = DEFAULT_CONFIDENCE,
    segment,
  }: ExperimentSearch,
  days: { from: string; to: string },
  zone: string,
): ExperimentSpec | null {
  if (goal.event === "") return null;
  // A control that this experiment does not have is one of the experiment looked at before.
  const known = experiment.variants.some(({ name }) => name === control);
  return {
    exposure: {
      event: experiment.event,
      where: `json_get(properties, ${quoted(experiment.experiment_property)}) = ${quoted(experiment.name)}`,
    },
    variant: `${PROPERTY}${experiment.variant_property}`,
    ...(known && { control }),
    goal: eventFilter(goal),
    measure,
    ...(measure === "sum" && sum_of && { sum_of: `${PROPERTY}${sum_of}` }),
    window,
    planned_people: planned,
    confidence,
    from: days.from,
    to: addDays(days.to, 1),
    tz: zone,
    ...(segment && { segment }),
  };
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

const GOALS = ["brochure_downloaded", "form_submitted", "lead_created", "contract_signed"];

/** What an experiment is usually for: the first of the usual goals that there is. */
export function firstGoal(events: Catalogue["events"]): Chosen {
  const known = new Set(events.map(({ event }) => event));
  return { event: GOALS.find((event) => known.has(event)) ?? "" };
}
