export const FILTERS = ["all", "new", "unexpected", "deprecated", "silent"] as const;
export type Filter = (typeof FILTERS)[number];

export type CatalogueSearch = { event?: string; filter?: Filter; q?: string };

export function readCatalogue(search: Record<string, unknown>): CatalogueSearch {
  const filter = FILTERS.find((filter) => filter === search.filter);
  const text = (value: unknown) =>
    (typeof value === "string" || typeof value === "number") && value !== "" ? String(value) : undefined;
  const [event, q] = [text(search.event), text(search.q)];
  return { ...(event && { event }), ...(filter && filter !== "all" && { filter }), ...(q && { q }) };
}
