import type { components } from "./schema";
import { ApiError, ask } from "./client";
import { decided } from "./outcome";
import type { CommandOutcome } from "./types";

// Written by hand until openapi.json tells of the lead desk: then these become the generated types.

/** Where a lead is dealt with now; in the order of the desk. */
export const QUEUES = ["verification", "dealer", "pool", "nurture", "closed"] as const;
export type Queue = (typeof QUEUES)[number];

/** Where a lead may stand, from the first word to the car. */
export const LEAD_STAGES = [
  "captured",
  "qualified",
  "dispatched",
  "accepted",
  "contacted",
  "appointment",
  "test_drive",
  "offer",
  "contract",
  "delivered",
  "lost",
  "silent",
] as const;

/** Runs out in the dealer's business hours; `due_at` is the moment on the wall at which it does. */
export type LeadClock = { for: "accept" | "contact"; due_at: string; warn_at: string | null; is_warned: boolean };

/** The person came back: what they looked at, and how one may begin. */
export type LeadPrompt = { at: string; viewed: string[]; asked_for: string | null };

export type LeadItem = {
  lead_id: string;
  profile_id: string;
  name: string | null;
  phone: string | null;
  email: string | null;
  model: string | null;
  region: string | null;
  channel: string | null;
  stage: string;
  queue: Queue;
  band: string;
  /** 0 to 100. */
  score: number;
  dealer_id: string | null;
  dealer_name: string | null;
  /** An e-mail. */
  owner: string | null;
  claimed_by: string | null;
  claimed_until: string | null;
  opened_at: string;
  changed_at: string;
  dispatched_at: string | null;
  accepted_at: string | null;
  contacted_at: string | null;
  clock: LeadClock | null;
  /** Of a lead that is verified: when it is called next. */
  retry_at: string | null;
  tries: number;
  /** How often it was taken from a dealer. */
  hops: number;
  prompt: LeadPrompt | null;
};

/** Points, and what they are for. */
/** Why a lead has its learned score. */
export type LearnedWhy = components["schemas"]["LeadScoreWhy"];

export type Part = { says: string; points: number };

export type Candidate = {
  dealer_id: string;
  name: string;
  points: number;
  parts: Part[];
  /** Why it could not be this one; null where it could. */
  barred: string | null;
};

export type Decision = {
  at: string;
  /** A dealer's id. */
  chosen: string | null;
  reason: string;
  candidates: Candidate[];
  barred_others: number;
};

export type LeadVehicle = {
  model: string;
  brand: string | null;
  interest: "buy" | "trade_in" | "test_drive";
  vin: string | null;
  year: number | null;
  comments: string | null;
};

export type Move = { at: string; act: string; actor: string; from: string; to: string; reason: string; note: string };

export type LeadDetail = {
  lead: LeadItem;
  vehicles: LeadVehicle[];
  preferred_dealers: string[];
  comments: string | null;
  postcode: string | null;
  language: string | null;
  value: number | null;
  campaign: string | null;
  utm_source: string | null;
  lost_reason: string | null;
  appointment_at: string | null;
  duplicate_of: string | null;
  duplicates: string[];
  /** Where a learned score is in force; then there are no points. */
  learned: LearnedWhy | null;
  points: Part[];
  decision: Decision | null;
  script: string;
  /** Where it may go from here. */
  stages: string[];
  lost_reasons: string[];
  /** Newest first. */
  moves: Move[];
};

export type LeadCounts = Record<Queue | "overdue" | "prompts", number>;
export type LeadPage = { leads: LeadItem[]; next: string | null; counts: LeadCounts };

export type LeadsAsked = { queue?: Queue; dealer_id?: string; band?: string; stage?: string; mine?: true; q?: string };

export const CONTACTS = ["call", "message", "email", "visit"] as const;
export type Contact = (typeof CONTACTS)[number];

export const VERIFY_OUTCOMES = ["qualified", "no_answer", "not_now", "invalid", "declined"] as const;
export type VerifyOutcome = (typeof VERIFY_OUTCOMES)[number];

export type LeadAct =
  | { act: "accept" }
  | { act: "contact"; by: Contact; reached: boolean; note?: string }
  | { act: "stage"; stage: string; reason?: string; note?: string }
  | { act: "return"; reason: string }
  | { act: "assign"; dealer_id: string; owner?: string; reason?: string }
  | { act: "claim" }
  | { act: "release" }
  | { act: "verify"; outcome: VerifyOutcome; note?: string }
  | { act: "note"; text: string }
  | { act: "seen" }
  | { act: "appointment"; at: string; note?: string };

/** A call, or a visit, that somebody writes down. */
export type LeadToRegister = {
  name?: string;
  phone?: string;
  email?: string;
  model?: string;
  brand?: string;
  region?: string;
  postcode?: string;
  language?: string;
  /** Which dealer the person would like. */
  dealer_id?: string;
  comments?: string;
  channel?: string;
  campaign?: string;
};

const PAGE = "50";
const path = (id: string) => `/api/leads/${encodeURIComponent(id)}`;

export const leadCalls = {
  list: ({ mine, ...asked }: LeadsAsked, before = "", limit = PAGE) =>
    ask<LeadPage>("GET", "/api/leads", { query: { ...asked, ...(mine && { mine: "true" }), before, limit } }),
  get: (id: string) => ask<LeadDetail>("GET", path(id)),
  register: async (lead: LeadToRegister) => {
    const outcome = await ask<Partial<CommandOutcome> & { lead_id: string }>("POST", "/api/leads", { body: lead });
    if (outcome.done === false && !outcome.link) throw new ApiError(409, "refused", outcome.reason ?? "");
    return outcome;
  },
  act: (id: string, act: LeadAct) => decided(ask<CommandOutcome>("POST", `${path(id)}/act`, { body: act })),
};

/** The file of a lead's appointment. */
export const calendarHref = (id: string) => `${path(id)}/calendar.ics`;

/** What a telephone dials: digits, and the plus before them. */
export const dialled = (phone: string) => phone.replaceAll(/[^\d+]/g, "");
