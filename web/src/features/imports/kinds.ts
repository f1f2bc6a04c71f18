export const KINDS = ["events", "profiles", "leads", "orders", "costs", "calls"] as const;
export type Kind = (typeof KINDS)[number];

/** What the rows of a file are. */
export function kindOf(text: string): Kind {
  return KINDS.find((kind) => kind === text) ?? "events";
}
