import { ask } from "./client";
import { decided } from "./outcome";
import type { CommandOutcome } from "./types";

// Written by hand until openapi.json tells of the dealer network: then these become the generated types.

/** Somebody who works at a dealer. */
export type DealerPerson = { email: string; name: string; is_away: boolean };

export type Dealer = {
  dealer_id: string;
  name: string;
  region: string;
  group: string;
  brands: string[];
  /** Empty: all. */
  models: string[];
  /** Beginnings of postcodes. */
  postcodes: string[];
  lat: number | null;
  lon: number | null;
  languages: string[];
  tz: string;
  /** Seven lists, Monday first, of `09:00-18:00`. */
  hours: string[][];
  /** Days `YYYY-MM-DD`. */
  holidays: string[];
  open_leads_max: number | null;
  leads_a_day_max: number | null;
  /** 1 to 1000; 100 is usual. */
  weight: number;
  /** 0 to 100. */
  quality: number;
  takes_leads: boolean;
  /** By model. */
  stock: Record<string, number>;
  people: DealerPerson[];
  manager_email: string;
  webhook: string | null;
  /** `json`, `adf`. */
  webhook_format: string;
};

export type DealerItem = Dealer & { open_leads: number; leads_today: number };

const path = (id: string) => `/api/dealers/${encodeURIComponent(id)}`;

export const dealerCalls = {
  list: () => ask<{ dealers: DealerItem[] }>("GET", "/api/dealers"),
  put: (dealer: Dealer) => decided(ask<CommandOutcome>("PUT", path(dealer.dealer_id), { body: { dealer } })),
  newSecret: (id: string) => ask<{ webhook_secret: string }>("POST", `${path(id)}/webhook-secret`),
  remove: (id: string) => decided(ask<CommandOutcome>("DELETE", path(id))),
};
