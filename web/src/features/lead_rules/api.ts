import { ask } from "../../api/client";
import { decided } from "../../api/outcome";
import type { CommandOutcome } from "../../api/types";

// Written by hand until openapi.json tells of the rules of leads: then these become the generated types.

export const KNOWN_FIELDS = ["phone", "email", "trade_in"] as const;
export type KnownField = (typeof KNOWN_FIELDS)[number];

/** What must be true of a person, or of how the lead came, for its points to count. */
export type When =
  | { of: "segment"; segment_id: string }
  | { of: "channel"; channel: string }
  | { of: "model"; model: string }
  | { of: "event"; event: string; within_days: number }
  | { of: "known"; field: KnownField };

export const WHENS = ["segment", "channel", "model", "event", "known"] as const satisfies When["of"][];

export type PointRule = { says: string; when: When; points: number };

export const WAYS = ["dealer", "verification", "nurture"] as const;
export type Way = (typeof WAYS)[number];

/** A stretch of scores and the way that its leads go; of no channel: of all. */
export type Band = { band: string; from: number; channels: string[]; way: Way };

/** What counts when a dealer is chosen, in the order in which it is shown. */
export const WEIGHTS = ["area", "distance", "stock", "quality", "language", "preferred", "open_now", "load"] as const;
export type Weight = (typeof WEIGHTS)[number];
export type Routing = Record<Weight, number> & { distance_max_km: number; tie_points: number };

/** How fast leads of these bands and channels are dealt with, in minutes of business hours. */
export type Sla = { bands: string[]; channels: string[]; accept_min: number; contact_min: number; warn_min: number };

/** Some people of whom one after another is rung. */
export type RingStep = { people: string[]; ring_s: number; rings_max: number; only_free: boolean };
/** People who call leads, in the order in which they are rung. */
export type RingLine = {
  line: string;
  hours: { tz: string; week: string[][]; holidays: string[] };
  channels: string[];
  takes_new: boolean;
  steps: RingStep[];
};

export type LeadRules = {
  is_on: boolean;
  duplicates: { window_days: number; same_model: boolean };
  points: PointRule[];
  base_points: number;
  /** Highest first; the last begins at 0. */
  bands: Band[];
  routing: Routing;
  sla: Sla[];
  hops_max: number;
  verification: { tries_max: number; gap_min: number; claim_min: number; script: string; lines?: RingLine[] };
  lost_reasons: { reason: string; is_believed: boolean }[];
  silent_days: number;
  reappear: { events: string[]; quiet_h: number };
};

export type LeadRulesHeld = { rules: LeadRules; changed_at: string | null; changed_by: string };

type NowThen = { now: number; then: number };
/** What the leads of some days would have come to by other rules. */
export type Simulated = {
  leads: number;
  by_dealer: (NowThen & { dealer_id: string; name: string })[];
  by_queue: (NowThen & { queue: string })[];
  by_band: (NowThen & { band: string })[];
  /** How many leads would be somewhere else. */
  moved: number;
};

export const leadRuleCalls = {
  get: () => ask<LeadRulesHeld>("GET", "/api/lead-rules"),
  put: (rules: LeadRules) => decided(ask<CommandOutcome>("PUT", "/api/lead-rules", { body: { rules } })),
  simulate: (asked: { rules: LeadRules; days: number }) =>
    ask<Simulated>("POST", "/api/lead-rules/simulate", { body: asked }),
};
