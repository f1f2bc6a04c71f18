import { ask } from "../../api/client";
import type { components } from "../../api/schema";

type Schemas = components["schemas"];

/** A part of something, with its 95 % interval; no rate of nothing. */
export type Share = Schemas["LeadShare"];
export type Scorecard = Schemas["Scorecard"];
export type Scorecards = Schemas["Scorecards"];
export type DeskReport = Schemas["LeadDeskReport"];
export type LeadCost = Schemas["LeadCost"];
export type LeadCosts = Schemas["LeadCosts"];

export const COSTS_BY = ["channel", "region", "model", "campaign"] as const;
export type CostsBy = (typeof COSTS_BY)[number];

type Days = { from: string; to: string };

export const scorecardCalls = {
  dealers: ({ from, to }: Days, region?: string) =>
    ask<Scorecards>("GET", "/api/reports/scorecards", { query: { from, to, region } }),
  costs: ({ from, to }: Days, by: CostsBy) =>
    ask<LeadCosts>("GET", "/api/reports/lead-costs", { query: { from, to, by } }),
  desk: ({ from, to }: Days) => ask<DeskReport>("GET", "/api/reports/lead-desk", { query: { from, to } }),
};
