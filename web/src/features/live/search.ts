export const VERDICTS = ["accepted", "duplicate", "refused"] as const;
export type Verdict = (typeof VERDICTS)[number];

/** What of the stream is shown; every part is optional. */
export type LiveSearch = {
  tab?: "refused";
  text?: string;
  event?: string;
  source?: string;
  verdict?: Verdict;
  reason?: string;
  letters?: "all";
};

export function readLive(search: Record<string, unknown>): LiveSearch {
  const found: LiveSearch = {};
  const text = (name: "text" | "event" | "source" | "reason") => {
    const value = search[name];
    if (typeof value === "string" || typeof value === "number") found[name] = String(value);
  };
  for (const name of ["text", "event", "source", "reason"] as const) text(name);
  const verdict = VERDICTS.find((verdict) => verdict === search.verdict);
  if (verdict) found.verdict = verdict;
  if (search.tab === "refused") found.tab = "refused";
  if (search.letters === "all") found.letters = "all";
  return found;
}
