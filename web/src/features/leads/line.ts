import type { LeadItem } from "../../api/leads";
import { isClaimed } from "../../lead/acts";

/** The leads that wait for a call, as one operator sees them. */
export type Line = {
  /** The one that the operator has taken. */
  mine: LeadItem | null;
  /** May be called now, the first first. */
  due: LeadItem[];
  /** Are called again at a time. */
  later: LeadItem[];
  /** Others have taken them. */
  taken: LeadItem[];
};

/** Sorts what waits by what an operator may do with it; the server's order stays. */
export function lineOf(leads: LeadItem[], email: string, now: number): Line {
  const mine = leads.find((lead) => lead.claimed_by === email && isClaimed(lead, now)) ?? null;
  const others = leads.filter((lead) => lead !== mine);
  const isLater = ({ retry_at }: LeadItem) => retry_at !== null && now < Date.parse(retry_at);
  return {
    mine,
    taken: others.filter((lead) => isClaimed(lead, now)),
    due: others.filter((lead) => !isClaimed(lead, now) && !isLater(lead)),
    later: others
      .filter((lead) => !isClaimed(lead, now) && isLater(lead))
      .toSorted((one, other) => Date.parse(one.retry_at ?? "") - Date.parse(other.retry_at ?? "")),
  };
}
