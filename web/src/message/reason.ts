import type { TFunction } from "i18next";

/** Codes that the server gives; what is behind a colon tells more of it. */
const CODES = [
  "no_consent",
  "consent_withdrawn",
  "suppressed_address",
  "no_address",
  "cap",
  "quiet_hours",
  "budget",
  "unknown_purpose",
  "repeat",
  "unknown_template",
  "erased",
] as const;

/** Why addresses are on the list of those that get nothing. */
export const SUPPRESSIONS = ["bounced", "complained", "unsubscribed", "manual", "blocked"] as const;

/** Why a message stands where it does: the server's own reasons in the reader's words, a gateway's as it gave them. */
export function reasonText(t: TFunction, reason: string): string {
  if (reason === "safe mode") return t("message.reason.safe_mode");
  if (reason === "all sending is stopped") return t("message.reason.stopped");
  const [, minutes] = /^a repeat within (\d+) minutes$/.exec(reason) ?? [];
  if (minutes) return t("message.reason.repeat_within", { count: Number(minutes) });
  const at = reason.indexOf(":");
  const [head, detail] = at === -1 ? [reason, ""] : [reason.slice(0, at), reason.slice(at + 1).trim()];
  const code = CODES.find((known) => known === head);
  if (!code) return reason;
  const words = t(`message.reason.${code}`);
  return detail ? t("message.reason_of", { reason: words, detail: detailText(t, code, detail) }) : words;
}

function detailText(t: TFunction, code: (typeof CODES)[number], detail: string): string {
  if (code === "suppressed_address") return suppressionText(t, detail);
  const [, channel] = code === "budget" ? (/^(\w+)$/.exec(detail) ?? []) : [];
  return channel ? t(`message.channel.${channel}`, { defaultValue: detail }) : detail;
}

/** Why an address gets nothing: a known cause in the reader's words, a person's own reason as it was given. */
export function suppressionText(t: TFunction, reason: string): string {
  const known = SUPPRESSIONS.find((each) => each === reason);
  return known ? t(`message.suppression.${known}`) : reason;
}
