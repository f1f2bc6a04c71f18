import type { IdentityNode, ProfileIdentity } from "../../api/types";

/** From the weakest to the strongest: crates/model/src/identity.rs. */
const TRUST = ["probable", "imported", "event", "form", "call", "payment", "link", "login", "word"];

export type Sides = { one: IdentityNode[]; other: IdentityNode[] };

/**
 * What would go with whom if two identifiers of a profile were said not to be one person's.
 *
 * The evidence joins anew, strongest and then oldest first, as the server does it, except what would tie the two together again.
 * What neither of them is tied to any more stays with the one.
 */
export function partingOf(identity: ProfileIdentity, one: string, other: string): Sides {
  const own = identity.identifiers.filter(({ profile_id }) => profile_id === identity.profile_id);
  const group = new Map(own.map(({ fragment_id }) => [fragment_id, fragment_id]));
  const edges = identity.evidence
    .filter((edge) => edge.joins && group.has(edge.one) && group.has(edge.other))
    .sort((a, b) => TRUST.indexOf(b.trust) - TRUST.indexOf(a.trust) || a.at.localeCompare(b.at));
  for (const edge of edges) {
    const [a, b] = [group.get(edge.one), group.get(edge.other)];
    const [first, second] = [group.get(one), group.get(other)];
    const joinsBoth = (a === first && b === second) || (a === second && b === first);
    if (a === undefined || a === b || joinsBoth) continue;
    for (const [id, held] of group) if (held === b) group.set(id, a);
  }
  const isOther = ({ fragment_id }: IdentityNode) => group.get(fragment_id) === group.get(other);
  return { one: own.filter((node) => !isOther(node)), other: own.filter(isOther) };
}
