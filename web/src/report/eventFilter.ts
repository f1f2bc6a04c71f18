import { label } from "../api/labels";
import type { EventFilter } from "../api/types";

export const DIMENSIONS = ["channel", "region", "dealer", "model", "utm_source", "campaign"] as const;
export type Dimension = (typeof DIMENSIONS)[number];

/** An event as it is chosen and as it stands in the URL, narrowed by at most one value. */
export type Chosen = { event: string; dimension?: Dimension; value?: string };

/** Reads what a URL has, dropping what does not make sense. */
export function readChosen(given: unknown): Chosen | undefined {
  if (typeof given !== "object" || given === null || !("event" in given) || typeof given.event !== "string") return;
  const name = "dimension" in given ? readDimension(given.dimension) : undefined;
  const value =
    "value" in given && (typeof given.value === "string" || typeof given.value === "number")
      ? String(given.value)
      : undefined;
  return { event: given.event, ...(name && { dimension: name, ...(value !== undefined && { value }) }) };
}

export function readDimension(value: unknown): Dimension | undefined {
  return DIMENSIONS.find((known) => known === value);
}

export function eventFilter({ event, dimension, value }: Chosen): EventFilter {
  return { event, ...(dimension && value && { where: `${dimension} = '${value.replaceAll("'", "''")}'` }) };
}

/** What a value of a dimension is called; `null` for those without one, for whom the texts have a word. */
export function valueName(dimension: string, value: string | null | undefined): string | null {
  if (value === null || value === undefined || value === "") return null;
  return dimension === "channel" ? label("channel", value) : value;
}
