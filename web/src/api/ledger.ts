import type { TFunction } from "i18next";
import { label } from "./labels";
import type { LedgerLine, LedgerSide } from "./types";

/** What may stand in a sentence of the ledger: words, or one of the two that it is about. */
export type LedgerPart = string | LedgerSide;

// No text holds these: they keep the places of the two until the sentence is taken apart again.
const [ONE, OTHER] = ["\u0001", "\u0002"];
const PLACES = new RegExp(`([${ONE}${OTHER}])`);

/** A line of the ledger as a sentence, in which the two stand as what they are, to be shown as links. */
export function ledgerParts(t: TFunction, line: LedgerLine): LedgerPart[] {
  return sentence(t, line)
    .split(PLACES)
    .filter((part) => part !== "")
    .map((part) => (part === ONE ? line.one : part === OTHER ? line.other : part));
}

/** What one of the two is called: by its identifier, while there is one. */
export function sideText(t: TFunction, { identifier }: LedgerSide): string {
  return identifier ? identifierText(identifier) : t("ledger.gone");
}

export function identifierText({ kind, value }: { kind: string; value: string }): string {
  return `${label("identifier", kind)} ${value}`;
}

function sentence(t: TFunction, { act, rule, why, one, other }: LedgerLine): string {
  const words = { one: ONE, other: OTHER, rule: label("rule", rule), why: label("why", why) };
  switch (act) {
    case "merged":
      return rule ? t("ledger.merged", words) : t("ledger.merged_by_others", words);
    case "refused":
      return rule ? t("ledger.refused", words) : t("ledger.refused_without_rule", words);
    case "parted":
      // The profile kept its name, and what went away is known by nothing older.
      if (one.fragment_id === other.fragment_id)
        return why ? t("ledger.left", words) : t("ledger.left_by_others", words);
      return why ? t("ledger.parted", words) : t("ledger.parted_by_others", words);
    default:
      return t("ledger.unknown", { ...words, act });
  }
}
