import type { TFunction } from "i18next";

/** Why a message stands where it does: the server's own reasons in the reader's words, a gateway's as it gave them. */
export function reasonText(t: TFunction, reason: string): string {
  if (reason === "safe mode") return t("deliveries.reason.safe_mode");
  if (reason === "all sending is stopped") return t("deliveries.reason.stopped");
  const [, minutes] = /^a repeat within (\d+) minutes$/.exec(reason) ?? [];
  return minutes ? t("deliveries.reason.repeat", { count: Number(minutes) }) : reason;
}
