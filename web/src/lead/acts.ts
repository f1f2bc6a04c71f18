import type { LeadDetail, LeadItem } from "../api/leads";

export const BUTTONS = [
  "accept",
  "claim",
  "release",
  "verify",
  "contact",
  "appointment",
  "assign",
  "stage",
  "return",
  "note",
] as const;
export type LeadButton = (typeof BUTTONS)[number];

/** Who looks: somebody of the desk may do with any lead, somebody of a dealer with the dealer's own. */
export type Worker = { email: string; isDesk: boolean };

/** Whether somebody has taken a lead to call it, and still may. */
export const isClaimed = ({ claimed_by, claimed_until }: LeadItem, now: number) =>
  claimed_by !== null && (claimed_until === null || now < Date.parse(claimed_until));

/** What can be done with a lead where it stands, the first thing first. */
export function buttonsOf(
  lead: LeadItem,
  stages: LeadDetail["stages"],
  { email, isDesk }: Worker,
  now: number,
): LeadButton[] {
  const { queue, accepted_at } = lead;
  const isMine = lead.claimed_by === email && isClaimed(lead, now);
  const fits: Record<LeadButton, boolean> = {
    accept: queue === "dealer" && accepted_at === null,
    claim: isDesk && queue === "verification" && !isClaimed(lead, now),
    release: queue === "verification" && isMine,
    verify: queue === "verification" && isMine,
    contact: queue === "dealer" && accepted_at !== null,
    appointment: queue === "dealer" && accepted_at !== null,
    stage: 0 < stages.length && queue !== "verification",
    assign: isDesk && queue !== "closed",
    return: queue === "dealer",
    note: true,
  };
  return BUTTONS.filter((button) => fits[button]);
}
