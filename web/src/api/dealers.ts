import { ask } from "./client";
import { decided } from "./outcome";
import type { components } from "./schema";
import type { CommandOutcome } from "./types";

type Schemas = components["schemas"];

/** Somebody who works at a dealer. */
export type DealerPerson = Required<Schemas["DealerPerson"]>;
/** With everything that the server fills in where nobody says it. */
export type Dealer = Required<Omit<Schemas["DealerBody"], "people">> & { people: DealerPerson[] };
export type DealerItem = Dealer & Omit<Schemas["DealerItem"], keyof Schemas["DealerBody"]>;

const path = (id: string) => `/api/dealers/${encodeURIComponent(id)}`;

export const dealerCalls = {
  list: () => ask<{ dealers: DealerItem[] }>("GET", "/api/dealers"),
  put: (dealer: Dealer) => decided(ask<CommandOutcome>("PUT", path(dealer.dealer_id), { body: { dealer } })),
  newSecret: (id: string) => ask<{ webhook_secret: string }>("POST", `${path(id)}/webhook-secret`),
  remove: (id: string) => decided(ask<CommandOutcome>("DELETE", path(id))),
};
