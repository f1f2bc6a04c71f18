import type { LeadItem } from "../../api/leads";
import { isClaimed } from "../../lead/acts";

/** The leads that wait for a call, as one operator sees them. */
export type Line = {
  /** The one that the operator has taken. */
  mine: LeadItem | null;
  /** The one that rings at the operator. */
  rings: LeadItem | null;
  /** May be called now, the first first. */
  due: LeadItem[];
  /** Are called again at a time. */
  later: LeadItem[];
  /** Others have taken them, or they ring at others. */
  taken: LeadItem[];
};

/** Sorts what waits by what an operator may do with it; the server's order stays. */
export function lineOf(leads: LeadItem[], email: string, now: number): Line {
  const mine = leads.find((lead) => lead.claimed_by === email && isClaimed(lead, now)) ?? null;
  const ringsAt = ({ rings }: LeadItem) => (rings && now < Date.parse(rings.until) ? rings.person : null);
  const rings = mine ? null : (leads.find((lead) => ringsAt(lead) === email) ?? null);
  const others = leads.filter((lead) => lead !== mine && lead !== rings);
  const isTaken = (lead: LeadItem) => isClaimed(lead, now) || ringsAt(lead) !== null;
  const isLater = ({ retry_at }: LeadItem) => retry_at !== null && now < Date.parse(retry_at);
  return {
    mine,
    rings,
    taken: others.filter(isTaken),
    due: others.filter((lead) => !isTaken(lead) && !isLater(lead)),
    later: others
      .filter((lead) => !isTaken(lead) && isLater(lead))
      .toSorted((one, other) => Date.parse(one.retry_at ?? "") - Date.parse(other.retry_at ?? "")),
  };
}
