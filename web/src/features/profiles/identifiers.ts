import type { Identifier } from "../../api/types";

export const identifierKey = ({ kind, value }: { kind: string; value: string }) => `${kind} ${value}`;

/** One of each kind and value: what was done on a device after signing in has the device's again. */
export function uniqueIdentifiers<Named extends { kind: string; value: string }>(named: Named[]): Named[] {
  return [...new Map(named.toReversed().map((each) => [identifierKey(each), each])).values()].reverse();
}

/** Each identifier once, with all that was seen and proven of it; devices last, since there may be many of them. */
export function wholeIdentifiers(identifiers: Identifier[]): Identifier[] {
  const isDevice = ({ kind }: Identifier) => Number(kind === "anonymous_id" || kind === "device_id");
  const named = uniqueIdentifiers(identifiers).sort((a, b) => isDevice(a) - isDevice(b));
  return named.map((first) => {
    const all = identifiers.filter((each) => identifierKey(each) === identifierKey(first));
    const proofs = all.flatMap(({ evidence }) => evidence);
    const others = proofs.filter((proof) => identifierKey(proof.with) !== identifierKey(first));
    return {
      ...first,
      first_seen: all.map(({ first_seen }) => first_seen).sort()[0] ?? first.first_seen,
      last_seen:
        all
          .map(({ last_seen }) => last_seen)
          .sort()
          .at(-1) ?? first.last_seen,
      events: all.reduce((sum, { events }) => sum + events, 0),
      evidence: earliest(others),
    };
  });
}

/** Of the same said several times, as at every sign-in, the first. */
function earliest(proofs: Identifier["evidence"]): Identifier["evidence"] {
  const ordered = proofs.toSorted((a, b) => b.at.localeCompare(a.at));
  return [...new Map(ordered.map((proof) => [`${proof.rule} ${identifierKey(proof.with)}`, proof])).values()];
}
