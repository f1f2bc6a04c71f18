import type { TimelineKind } from "../../api/types";

export const KINDS = ["all", "visits", "calls", "leads", "orders"] as const satisfies TimelineKind[];

export type ProfilesSearch = { q?: string };
export type ProfileSearch = { kind?: TimelineKind; tab?: "identity" };

export function readProfiles(search: Record<string, unknown>): ProfilesSearch {
  const { q } = search;
  // A phone number typed into the address bar has been read as a number.
  return (typeof q === "string" || typeof q === "number") && q !== "" ? { q: String(q) } : {};
}

export function readProfile(search: Record<string, unknown>): ProfileSearch {
  const kind = KINDS.find((kind) => kind === search.kind);
  return { ...(kind && kind !== "all" && { kind }), ...(search.tab === "identity" && { tab: "identity" }) };
}
