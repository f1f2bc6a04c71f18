import type { IdentityEdge, IdentityNode, ProfileIdentity } from "../../api/types";

/** An identifier of the person, with all that was done under it; a device is one, however many signed in on it. */
export type OwnPlace = {
  sort: "own";
  key: string;
  fragmentIds: string[];
  kind: string;
  value: string;
  role: IdentityNode["role"];
  isShared: boolean;
  events: number;
};

/** Another profile that evidence ties to this one without joining them. */
export type OtherPlace = {
  sort: "other";
  key: string;
  profileId: string;
  name: string | null;
  identifiers: string[];
  /** What ties it to this one is shared by many. */
  isShared: boolean;
};

/** All that ties two places, drawn as one line. */
export type Tie = { one: string; other: string; joins: boolean; evidence: IdentityEdge[] };

/**
 * * `column`: steps from the identifier that the drawing begins with.
 * * `row`: may lie halfway between two.
 * * `tie`: what leads here from the column before; null where the drawing begins.
 */
export type Placed = { place: OwnPlace | OtherPlace; column: number; row: number; tie: Tie | null };

export type Drawing = {
  placed: Placed[];
  /** Those that lead nowhere new. */
  otherTies: Tie[];
  columns: number;
  rows: number;
  /** Places that there was no room for. */
  left: number;
};

const PLACES_MAX = 32;
/** What names a person best comes first. */
const STRENGTH = ["user_id", "crm_id", "dms_id", "email", "phone"];

/** Lays out who is who: from the strongest identifier, each joined one a step to the right of what it was joined with. */
export function drawing(identity: ProfileIdentity): Drawing {
  const { places, ties } = placesAndTies(identity);
  const order = [...places.values()].sort(
    (a, b) => strength(a) - strength(b) || events(b) - events(a) || (a.key < b.key ? -1 : 1),
  );
  const found = new Map<string, { tie: Tie | null; column: number; children: string[] }>();
  const used = new Set<Tie>();
  for (const start of order) {
    if (found.has(start.key) || start.sort === "other") continue;
    found.set(start.key, { tie: null, column: 0, children: [] });
    const waiting = [start.key];
    for (let from = waiting.shift(); from !== undefined; from = waiting.shift()) {
      const parent = found.get(from);
      if (!parent || PLACES_MAX <= found.size) break;
      for (const tie of tiesAt(ties, from, order)) {
        const to = tie.one === from ? tie.other : tie.one;
        if (found.has(to) || PLACES_MAX <= found.size) continue;
        found.set(to, { tie, column: parent.column + 1, children: [] });
        parent.children.push(to);
        used.add(tie);
        // Another profile is shown as what it is: the drawing does not go on into it.
        if (places.get(to)?.sort === "own") waiting.push(to);
      }
    }
    if (PLACES_MAX <= found.size) break;
  }

  const placed: Placed[] = [];
  let rows = 0;
  const put = (key: string): number => {
    const place = places.get(key);
    const step = found.get(key);
    if (!place || !step) return rows;
    const below = step.children.map(put);
    const [first, last] = [below[0], below.at(-1)];
    const row = first === undefined || last === undefined ? rows++ : (first + last) / 2;
    placed.push({ place, column: step.column, row, tie: step.tie });
    return row;
  };
  for (const [key, { tie }] of found) if (tie === null) put(key);
  return {
    placed,
    otherTies: ties.filter((tie) => !used.has(tie) && found.has(tie.one) && found.has(tie.other)),
    columns: 1 + Math.max(0, ...placed.map(({ column }) => column)),
    rows,
    left: places.size - found.size,
  };
}

function placesAndTies(identity: ProfileIdentity) {
  const places = new Map<string, OwnPlace | OtherPlace>();
  const placeOf = new Map<string, string>();
  for (const node of identity.identifiers) {
    const isOwn = node.profile_id === identity.profile_id;
    const key = isOwn ? `${node.kind} ${node.value}` : node.profile_id;
    placeOf.set(node.fragment_id, key);
    const held = places.get(key);
    if (held) held.isShared ||= node.is_shared;
    if (held?.sort === "own") {
      held.fragmentIds.push(node.fragment_id);
      held.events += node.events;
    } else if (!held) {
      places.set(key, isOwn ? ownPlace(key, node) : otherPlace(identity, node));
    }
  }
  const ties = new Map<string, Tie>();
  for (const edge of identity.evidence) {
    const [one, other] = [placeOf.get(edge.one), placeOf.get(edge.other)];
    if (one === undefined || other === undefined || one === other) continue;
    const [a, b] = one < other ? [one, other] : [other, one];
    const key = `${a}\n${b}`;
    const tie = ties.get(key) ?? { one: a, other: b, joins: edge.joins, evidence: [] };
    tie.evidence.push(edge);
    ties.set(key, tie);
  }
  return { places, ties: [...ties.values()] };
}

const ownPlace = (key: string, node: IdentityNode): OwnPlace => ({
  sort: "own",
  key,
  fragmentIds: [node.fragment_id],
  kind: node.kind,
  value: node.value,
  role: node.role,
  isShared: node.is_shared,
  events: node.events,
});

function otherPlace({ neighbours }: ProfileIdentity, node: IdentityNode): OtherPlace {
  const known = neighbours.find(({ profile_id }) => profile_id === node.profile_id);
  return {
    sort: "other",
    key: node.profile_id,
    profileId: node.profile_id,
    name: known?.name ?? null,
    identifiers: known?.identifiers ?? [node.value],
    isShared: node.is_shared,
  };
}

/** The ties of a place: to its own first, by what names a person best. */
function tiesAt(ties: Tie[], key: string, order: { key: string }[]): Tie[] {
  const rank = new Map(order.map((place, at) => [place.key, at]));
  const far = (tie: Tie) => rank.get(tie.one === key ? tie.other : tie.one) ?? 0;
  return ties.filter(({ one, other }) => one === key || other === key).sort((a, b) => far(a) - far(b));
}

function strength(place: OwnPlace | OtherPlace): number {
  if (place.sort === "other") return 30;
  const role = { person: 0, device: 10, nobody: 20 }[place.role];
  const known = STRENGTH.indexOf(place.kind);
  // A key of another system that is not listed stands before a contact.
  return role + (known === -1 ? 2.5 : known);
}

const events = (place: OwnPlace | OtherPlace) => (place.sort === "own" ? place.events : 0);
