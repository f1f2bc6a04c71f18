import type { LeadDetail, LeadItem } from "../../api/leads";
import type { Me } from "../../api/types";

// What the telephone remembers: the portal shows it while there is no line.

const ME = "forecourt-portal-me";
const DETAILS_MAX = 40;

/** The leads as they were seen last, and when. */
export type Kept = { at: string; leads: LeadItem[]; details: Record<string, LeadDetail> };

const inboxKey = (email: string) => `forecourt-portal-inbox:${email}`;

export const keptMe = (): Me | null => read<Me>(ME);

/** The token of a session is not kept: another is asked for with the next line. */
export const keepMe = (me: Me) => write(ME, { ...me, csrf: "" });

/** Nobody is signed in any more: what was kept is nobody's business. */
export function forgetAll() {
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith("forecourt-portal-")) localStorage.removeItem(key);
  } catch {
    // Where nothing may be kept, nothing was.
  }
}

export const keptInbox = (email: string): Kept | null => read<Kept>(inboxKey(email));

export function keepInbox(email: string, leads: LeadItem[]) {
  const details = keptInbox(email)?.details ?? {};
  const known = new Set(leads.map(({ lead_id }) => lead_id));
  const held = Object.entries(details).filter(([id]) => known.has(id));
  write(inboxKey(email), { at: new Date().toISOString(), leads, details: Object.fromEntries(held) });
}

export function keepDetail(email: string, detail: LeadDetail) {
  const kept = keptInbox(email);
  if (!kept) return;
  const others = Object.entries(kept.details).filter(([id]) => id !== detail.lead.lead_id);
  const details = Object.fromEntries([...others, [detail.lead.lead_id, detail] as const].slice(-DETAILS_MAX));
  write(inboxKey(email), { ...kept, details });
}

export function read<Value>(key: string): Value | null {
  try {
    const text = localStorage.getItem(key);
    return text === null ? null : (JSON.parse(text) as Value);
  } catch {
    return null;
  }
}

export function write(key: string, value: unknown) {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // A telephone that is full keeps nothing; the portal works as long as there is a line.
  }
}
