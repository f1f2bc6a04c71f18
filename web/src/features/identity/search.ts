import { readPeriod, type PeriodSearch } from "../../ui/period";

export const ACTS = ["merged", "refused", "parted"] as const;
export type Act = (typeof ACTS)[number];

export const RULES = [
  "same_event",
  "signed_in",
  "alias",
  "form",
  "call",
  "payment",
  "personal_link",
  "imported",
  "word",
  "probable",
] as const;

export const REASONS = [
  "not_same",
  "unique",
  "birth_date",
  "name",
  "limit",
  "size",
  "shared",
  "names_nobody",
  "withdrawn",
] as const;

export type LedgerSearch = { act?: Act; rule?: string; why?: string };

export function readLedger(search: Record<string, unknown>): LedgerSearch {
  const act = ACTS.find((known) => known === search.act);
  const rule = RULES.find((known) => known === search.rule);
  const why = REASONS.find((known) => known === search.why);
  return { ...(act && { act }), ...(rule && { rule }), ...(why && { why }) };
}

export const PAIR_STATES = ["open", "later", "same", "not_same", "merged"] as const;
export type PairState = (typeof PAIR_STATES)[number];
export const ANSWERED = ["same", "not_same", "merged"] as const satisfies PairState[];

/** Which pairs, and which of them is looked at. */
export type ReviewSearch = { state?: PairState; pair?: string };

export function readReview(search: Record<string, unknown>): ReviewSearch {
  const state = PAIR_STATES.find((known) => known === search.state);
  const { pair } = search;
  return {
    ...(state && state !== "open" && { state }),
    ...(typeof pair === "string" && /^\d+\.\d+$/.test(pair) && { pair }),
  };
}

export const REPORT_DAYS = 30;
export type ReportSearch = PeriodSearch;
export const readReport = readPeriod;
