import { ask } from "../../api/client";

// Written by hand until openapi.json tells of these reports: then these become the generated types.

/** A part of something, with its 95 % interval; no rate of nothing. */
export type Share = { count: number; of: number; rate: number | null; low: number | null; high: number | null };

export type Scorecard = {
  /** Null: all dealers together. */
  dealer_id: string | null;
  name: string;
  region: string;
  leads: number;
  accepted: number;
  expired: number;
  accept_median_s: number | null;
  accept_p90_s: number | null;
  contact_median_s: number | null;
  contact_p90_s: number | null;
  /** Counted in business hours only. */
  contact_median_open_s: number | null;
  never_contacted: number;
  contact_rate: Share;
  test_drive_rate: Share;
  contract_rate: Share;
  /** As if every dealer had had the same leads. */
  contract_rate_adjusted: number | null;
  lost: number;
  lost_early: number;
  rank: number | null;
  /** How many others cannot be told from this one. */
  ties: number;
};

export type Scorecards = { dealers: Scorecard[]; all: Scorecard };

export type DeskReport = {
  flow: { from: string; to: string; count: number }[];
  lost: { reason: string; count: number }[];
  bands: { band: string; leads: number; contracts: number; rate: number | null }[];
  /** By minutes to the first contact; null: never. */
  by_answer: {
    minutes_to: number | null;
    leads: number;
    test_drives: number;
    contracts: number;
    lost_elsewhere: number;
  }[];
  verification: { claimed: number; calls: number; qualified: number; calls_saved: number };
  called_first: { called: LeadsSold; straight: LeadsSold };
  came_back: { leads: number; contacted: number; contracts: number };
};

type LeadsSold = { leads: number; contact_rate: Share; contract_rate: Share };

export const COSTS_BY = ["channel", "region", "model", "campaign"] as const;
export type CostsBy = (typeof COSTS_BY)[number];

/** Leads at work with what was paid for them; no amount where costs are not known by this. */
export type LeadCost = {
  key: string | null;
  cost: number | null;
  leads: number;
  qualified: number;
  contracts: number;
  qualified_rate: Share;
  cpl: number | null;
  cpql: number | null;
  cost_per_contract: number | null;
};

export type LeadCosts = { by: string; currency: string; costs_from: string; rows: LeadCost[]; total: LeadCost };

type Days = { from: string; to: string };

export const scorecardCalls = {
  dealers: ({ from, to }: Days, region?: string) =>
    ask<Scorecards>("GET", "/api/reports/scorecards", { query: { from, to, region } }),
  costs: ({ from, to }: Days, by: CostsBy) =>
    ask<LeadCosts>("GET", "/api/reports/lead-costs", { query: { from, to, by } }),
  desk: ({ from, to }: Days) => ask<DeskReport>("GET", "/api/reports/lead-desk", { query: { from, to } }),
};
