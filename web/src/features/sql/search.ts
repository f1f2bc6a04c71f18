/** What of the page stands in the address: the question, and how its answer is shown. */
export type SqlSearch = { q?: string; view?: "chart" };

export function readSql(search: Record<string, unknown>): SqlSearch {
  const q = typeof search.q === "string" || typeof search.q === "number" ? String(search.q) : "";
  return { ...(q.trim() && { q }), ...(search.view === "chart" && { view: "chart" }) };
}
