import type { Catalogue, FunnelSpec } from "../../api/types";
import { readSegment } from "../../report/segment";
import { addDays, readPeriod, type PeriodSearch } from "../../ui/period";

export const DIMENSIONS = ["channel", "region", "dealer", "model", "utm_source", "campaign"] as const;
export type Dimension = (typeof DIMENSIONS)[number];
export const WINDOWS = ["1h", "1d", "3d", "7d", "14d", "30d", "60d", "90d", "180d", "365d"] as const;
export const DEFAULT_WINDOW = "90d";
export const DEFAULT_DAYS = 90;
export const STEPS_MAX = 10;

/** One step of a funnel as it is built and as it stands in the URL: an event, narrowed by at most one value. */
export type Step = { event: string; dimension?: Dimension; value?: string };

/** A whole funnel in a URL; what is left out is the default. */
export type FunnelSearch = PeriodSearch & { steps?: Step[]; window?: string; by?: Dimension; segment?: string };

/** Reads a funnel from a URL, dropping what does not make sense. */
export function readFunnel(search: Record<string, unknown>): FunnelSearch {
  const steps = Array.isArray(search.steps) ? search.steps.flatMap((step: unknown) => readStep(step) ?? []) : [];
  const by = dimension(search.by);
  const segment = readSegment(search.segment);
  const window =
    typeof search.window === "string" && /^[1-9]\d{0,4}[mhd]$/.test(search.window) ? search.window : undefined;
  return {
    ...readPeriod(search),
    ...(0 < steps.length && { steps: steps.slice(0, STEPS_MAX) }),
    ...(window && window !== DEFAULT_WINDOW && { window }),
    ...(by && { by }),
    ...(segment && { segment }),
  };
}

function readStep(step: unknown): Step | null {
  if (typeof step !== "object" || step === null || !("event" in step) || typeof step.event !== "string") return null;
  const name = "dimension" in step ? dimension(step.dimension) : undefined;
  const value =
    "value" in step && (typeof step.value === "string" || typeof step.value === "number")
      ? String(step.value)
      : undefined;
  return { event: step.event, ...(name && { dimension: name, ...(value !== undefined && { value }) }) };
}

function dimension(value: unknown): Dimension | undefined {
  return DIMENSIONS.find((known) => known === value);
}

/**
 * The report to ask for, or `null` while there is nothing to ask: a step is still without its event.
 *
 * * `days`: first and last day, both included; the report's `to` is the day after.
 */
export function reportSpec({
  steps,
  window,
  by,
  segment,
  days,
  zone,
}: {
  steps: Step[];
  window: string;
  by: Dimension | undefined;
  segment?: string;
  days: { from: string; to: string };
  zone: string;
}): FunnelSpec | null {
  if (steps.length === 0 || steps.some(({ event }) => event === "")) return null;
  return {
    steps: steps.map((step) => ({ event: step.event, ...(condition(step) && { where: condition(step) }) })),
    window,
    from: days.from,
    to: addDays(days.to, 1),
    tz: zone,
    by: by ? [by] : [],
    ...(segment && { segment }),
  };
}

function condition({ dimension, value }: Step): string | undefined {
  if (!dimension || !value) return undefined;
  return `${dimension} = '${value.replaceAll("'", "''")}'`;
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
