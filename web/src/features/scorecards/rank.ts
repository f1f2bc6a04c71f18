import type { Scorecard } from "./api";

/**
 * A place among the dealers; where some cannot be told apart, all of their places.
 *
 * One of `ties` others at the same place stands anywhere from `rank` on, and no one says where.
 */
export function rankText({ rank, ties }: Pick<Scorecard, "rank" | "ties">): string | null {
  if (rank === null) return null;
  return ties === 0 ? String(rank) : `${rank}–${rank + ties}`;
}

const UNRANKED = Number.POSITIVE_INFINITY;

/** The first place first, those without one last. */
export const byRank = (cards: Scorecard[]) =>
  cards.toSorted(
    (one, other) =>
      Math.sign((one.rank ?? UNRANKED) - (other.rank ?? UNRANKED) || 0) ||
      other.leads - one.leads ||
      one.name.localeCompare(other.name),
  );

/** The end of an axis that has all rates and their intervals on it: a round share above the highest. */
export function axisEnd(cards: Scorecard[], pick: (card: Scorecard) => Scorecard["contact_rate"]): number {
  const highest = Math.max(0, ...cards.map((card) => pick(card).high ?? pick(card).rate ?? 0));
  const steps = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1];
  return steps.find((step) => highest <= step) ?? 1;
}
