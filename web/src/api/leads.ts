import type { components } from "./schema";
import { ApiError, ask } from "./client";
import { decided } from "./outcome";
import type { CommandOutcome } from "./types";

type Schemas = components["schemas"];

export type Queue = Schemas["LeadQueue"];
/** Where a lead is dealt with now; in the order of the desk. */
export const QUEUES = ["verification", "dealer", "pool", "nurture", "closed"] as const satisfies Queue[];

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

export type LeadClock = Schemas["LeadClock"];
export type LeadPrompt = Schemas["LeadPrompt"];
export type LeadItem = Schemas["LeadItem"];
export type LearnedWhy = Schemas["LeadScoreWhy"];
export type Part = Schemas["LeadPoints"];
export type Candidate = Schemas["LeadCandidate"];
export type Decision = Schemas["LeadDecision"];
export type LeadVehicle = Schemas["LeadVehicle"];
export type Move = Schemas["LeadStep"];
export type LeadDetail = Schemas["LeadDetail"];
export type LeadCounts = Schemas["LeadCounts"];
export type LeadPage = Schemas["LeadList"];

export type LeadsAsked = { queue?: Queue; dealer_id?: string; band?: string; stage?: string; mine?: true; q?: string };

export type Contact = Schemas["LeadContactBy"];
export const CONTACTS = ["call", "message", "email", "visit"] as const satisfies Contact[];

export type VerifyOutcome = Schemas["LeadVerified"];
export const VERIFY_OUTCOMES = [
  "qualified",
  "no_answer",
  "not_now",
  "invalid",
  "declined",
] as const satisfies VerifyOutcome[];

export type LeadAct = Schemas["LeadWish"];

/** A call, or a visit, that somebody writes down. */
export type LeadToRegister = Schemas["NewLead"];

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

export type Operator = Schemas["OperatorItem"];
export type Operators = Schemas["OperatorList"];

export const operatorCalls = {
  list: () => ask<Operators>("GET", "/api/operators"),
  setPresence: (is_present: boolean) =>
    decided(ask<CommandOutcome>("PUT", "/api/operators/me", { body: { is_present } })),
};

/** The file of a lead's appointment. */
export const calendarHref = (id: string) => `${path(id)}/calendar.ics`;

/** What a telephone dials: digits, and the plus before them. */
export const dialled = (phone: string) => phone.replaceAll(/[^\d+]/g, "");
