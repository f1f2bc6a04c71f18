import { BROADCAST_STATES, type BroadcastState } from "./api";

/** What of the broadcasts is shown; every part is optional. */
export type BroadcastsSearch = { q?: string; state?: BroadcastState };
/** A new broadcast begins empty, as a copy of another, or for a segment. */
export type NewBroadcastSearch = { copy?: string; segment?: string };
/** Of whom a report is; all where there is no segment. */
export type BroadcastSearch = { segment?: string };

const text = (value: unknown) =>
  (typeof value === "string" || typeof value === "number") && value !== "" ? String(value) : undefined;

export function readBroadcasts(search: Record<string, unknown>): BroadcastsSearch {
  const q = text(search.q);
  const state = BROADCAST_STATES.find((known) => known === search.state);
  return { ...(q && { q }), ...(state && { state }) };
}

export function readNewBroadcast(search: Record<string, unknown>): NewBroadcastSearch {
  const [copy, segment] = [text(search.copy), text(search.segment)];
  return { ...(copy && { copy }), ...(segment && { segment }) };
}

export function readBroadcast(search: Record<string, unknown>): BroadcastSearch {
  const segment = text(search.segment);
  return segment ? { segment } : {};
}
