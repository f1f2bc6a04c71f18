import { JOURNEY_STATES, RUN_STATES, type JourneyState, type RunState } from "./api";

export type JourneysSearch = { q?: string; state?: JourneyState };
/** A new journey begins empty, from a template, or from a file that was brought. */
export type NewJourneySearch = { template?: string; imported?: true };

export const TABS = ["canvas", "people", "report", "simulate"] as const;
export type Tab = (typeof TABS)[number];
/** `step`, `state`: of the people who are shown. */
export type JourneySearch = { tab?: Tab; step?: string; state?: RunState; days?: number };

export const REPORT_DAYS = [7, 30, 90, 365] as const;

const text = (value: unknown) =>
  (typeof value === "string" || typeof value === "number") && value !== "" ? String(value) : undefined;

export function readJourneys(search: Record<string, unknown>): JourneysSearch {
  const q = text(search.q);
  const state = JOURNEY_STATES.find((known) => known === search.state);
  return { ...(q && { q }), ...(state && { state }) };
}

export function readNewJourney(search: Record<string, unknown>): NewJourneySearch {
  const template = text(search.template);
  return { ...(template && { template }), ...(search.imported === true && { imported: true }) };
}

export function readJourney(search: Record<string, unknown>): JourneySearch {
  const tab = TABS.find((known) => known === search.tab && known !== "canvas");
  const step = text(search.step);
  const state = RUN_STATES.find((known) => known === search.state);
  const days = REPORT_DAYS.find((known) => known === search.days);
  return { ...(tab && { tab }), ...(step && { step }), ...(state && { state }), ...(days && { days }) };
}
