import { ask } from "../../api/client";
import { decided } from "../../api/outcome";
import type { components } from "../../api/schema";
import type { CommandOutcome } from "../../api/types";

// `rules` goes over the wire as it is kept: its fields are described in the documentation's page Owners.

export const INTERESTS = ["service", "trade_in", "replacement"] as const;
export type Interest = (typeof INTERESTS)[number];

export const DATES = ["inspection", "finance", "warranty"] as const;
export type VehicleDate = (typeof DATES)[number];

/** When a rule begins on a vehicle. */
export type When =
  | { of: "before"; date: VehicleDate; days: number }
  | { of: "owned"; months: number }
  | { of: "unserviced"; months: number }
  | { of: "likely"; percent: number; within_days: number };
export const WHENS = ["before", "owned", "unserviced", "likely"] as const satisfies When["of"][];

export type OwnerRule = {
  rule: string;
  interest: Interest;
  when: When;
  models: string[];
  did?: { events: string[]; within_days: number };
  open_days: number;
  purpose: string;
};

/** How long owners keep their vehicles: the part that has it still after 0, 1, 2, … months. */
export type OwnerCurve = { learned_us: number; owners: number; replaced: number; kept: number[] };

export type OwnerRules = { is_on: boolean; rules: OwnerRule[]; leads_a_day_max: number; curve?: OwnerCurve };

export type OwnerRulesHeld = Omit<components["schemas"]["OwnerRulesBody"], "rules"> & { rules: OwnerRules };

export const ownerCalls = {
  get: () => ask<OwnerRulesHeld>("GET", "/api/owner-rules"),
  put: (rules: OwnerRules) => decided(ask<CommandOutcome>("PUT", "/api/owner-rules", { body: { rules } })),
  learn: () => decided(ask<CommandOutcome>("POST", "/api/owner-rules/learn")),
};
