import type { TFunction } from "i18next";

/** A trait's value as a person reads and edits it. */
export function traitText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** A trait's value as a person reads it. */
export function valueText(t: TFunction, value: unknown): string {
  if (value === null || value === undefined) return t("ui.none");
  return typeof value === "boolean" ? t(value ? "ui.yes" : "ui.no") : traitText(value);
}

/**
 * What a person typed, as a value: `true`, `12` and `["a"]` are what they look like, all else is text.
 *
 * Numbers that would not come back as they were typed (a phone, a leading zero, a long id) stay text.
 */
export function traitValue(typed: string): unknown {
  const text = typed.trim();
  try {
    const value: unknown = JSON.parse(text);
    return JSON.stringify(value) === text || typeof value === "object" ? value : text;
  } catch {
    return text;
  }
}
