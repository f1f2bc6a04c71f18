import type { TFunction } from "i18next";

/** What went wrong and what to do, in the reader's language where the kind of failure is known. */
export function errorText(t: TFunction, error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "network") return t("ui.error.network");
  if (error instanceof Error && error.message) return error.message;
  return t("ui.error.unknown");
}
