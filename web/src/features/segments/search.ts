import { EXAMPLE_KEYS, type ExampleKey } from "./examples";

export type SegmentsSearch = { q?: string };
/** A new segment begins empty, as an example, or as a copy of another. */
export type NewSearch = { example?: ExampleKey; copy?: string };

const text = (value: unknown) =>
  (typeof value === "string" || typeof value === "number") && value !== "" ? String(value) : undefined;

export function readSegments(search: Record<string, unknown>): SegmentsSearch {
  const q = text(search.q);
  return q ? { q } : {};
}

export function readNew(search: Record<string, unknown>): NewSearch {
  const example = EXAMPLE_KEYS.find((key) => key === search.example);
  const copy = text(search.copy);
  return { ...(example && { example }), ...(copy && { copy }) };
}
