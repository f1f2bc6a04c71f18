import type { DeskReport } from "./api";

type Flow = DeskReport["flow"];

/**
 * The streams that a drawing from left to right can have: the broadest are kept, and what would lead back, or nowhere,
 * is left to the table.
 */
export function acyclic(flow: Flow): Flow {
  const ahead = new Map<string, Set<string>>();
  const leads = (from: string, to: string, seen = new Set<string>()): boolean => {
    if (from === to) return true;
    if (seen.has(from)) return false;
    seen.add(from);
    return [...(ahead.get(from) ?? [])].some((next) => leads(next, to, seen));
  };
  const kept = new Set<Flow[number]>();
  for (const link of flow.toSorted((one, other) => other.count - one.count)) {
    if (link.count <= 0 || leads(link.to, link.from)) continue;
    ahead.set(link.from, (ahead.get(link.from) ?? new Set()).add(link.to));
    kept.add(link);
  }
  return flow.filter((link) => kept.has(link));
}
