import type { LeadItem } from "../../api/leads";
import type { WaitingAct } from "./outbox";

export const TABS = ["inbox", "work", "done"] as const;
export type Tab = (typeof TABS)[number];

export const tabOf = ({ queue, accepted_at }: LeadItem): Tab =>
  queue === "closed" ? "done" : accepted_at === null ? "inbox" : "work";

/** Leads as they will be once what waits has been sent. */
export function withWaiting(leads: LeadItem[], waiting: WaitingAct[]): LeadItem[] {
  return waiting.reduce(
    (all, { lead_id, act, at }) => all.map((lead) => (lead.lead_id === lead_id ? after(lead, act, at) : lead)),
    leads,
  );
}

function after(lead: LeadItem, act: WaitingAct["act"], at: string): LeadItem {
  switch (act.act) {
    case "accept":
      return { ...lead, stage: "accepted", accepted_at: at, clock: null };
    case "contact":
      return act.reached ? { ...lead, stage: "contacted", contacted_at: at, clock: null } : lead;
    case "stage":
      return act.stage === "lost"
        ? { ...lead, stage: act.stage, queue: "closed", clock: null }
        : { ...lead, stage: act.stage };
    case "seen":
      return { ...lead, prompt: null };
    default:
      return lead;
  }
}

/** The nearest deadline first; without one, the newest. */
export function byDeadline(leads: LeadItem[]): LeadItem[] {
  const due = ({ clock }: LeadItem) => (clock ? Date.parse(clock.due_at) : Number.POSITIVE_INFINITY);
  return leads.toSorted(
    (one, other) => Math.sign(due(one) - due(other) || 0) || Date.parse(other.opened_at) - Date.parse(one.opened_at),
  );
}
