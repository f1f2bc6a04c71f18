import { label } from "../../api/labels";
import type { Dimension } from "./spec";

/** What a group is called; `null` for those without a value, for whom the texts have a word. */
export function groupName(by: { [dimension: string]: string | null }, dimension: Dimension): string | null {
  const value = by[dimension];
  if (value === null || value === undefined || value === "") return null;
  return dimension === "channel" ? label("channel", value) : value;
}
