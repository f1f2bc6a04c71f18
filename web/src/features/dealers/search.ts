/** `dealer`: whose fields are open, `new` for one that is added. */
export type DealersSearch = { q?: string; dealer?: string };

const text = (value: unknown) =>
  (typeof value === "string" || typeof value === "number") && value !== "" ? String(value) : undefined;

export function readDealers(search: Record<string, unknown>): DealersSearch {
  const [q, dealer] = [text(search.q), text(search.dealer)];
  return { ...(q && { q }), ...(dealer && { dealer }) };
}
