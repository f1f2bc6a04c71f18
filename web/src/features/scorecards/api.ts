import { ask } from "../../api/client";
import type { components } from "../../api/schema";
import { addDays } from "../../ui/period";

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

/** The first and the last day. */
type Days = { from: string; to: string };

/** The server's `to` is not a part of what it asks for; the last day is. */
export const between = ({ from, to }: Days) => ({ from, to: addDays(to, 1) });

export const scorecardCalls = {
  dealers: (days: Days, region?: string) =>
    ask<Scorecards>("GET", "/api/reports/scorecards", { query: { ...between(days), region } }),
  costs: (days: Days, by: CostsBy) =>
    ask<LeadCosts>("GET", "/api/reports/lead-costs", { query: { ...between(days), by } }),
  desk: (days: Days) => ask<DeskReport>("GET", "/api/reports/lead-desk", { query: between(days) }),
};
