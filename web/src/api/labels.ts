import i18next from "i18next";

/** Groups of machine names that the texts have words for. */
type Vocabulary =
  | "event"
  | "channel"
  | "stage"
  | "order_status"
  | "trait"
  | "identifier"
  | "refusal"
  | "call"
  | "rule"
  | "trust"
  | "why"
  | "agreement"
  | "agreement_level"
  | "letter_state"
  | "source_kind"
  | "audit_action"
  | "audit_actor"
  | "audit_outcome"
  | "import_field"
  | "lead_word";

/** A machine's name in the reader's words; a name of the user's own is made readable. */
export function label(vocabulary: Vocabulary, name: string): string {
  const texts: Partial<Record<Vocabulary, Record<string, string>>> | undefined = i18next.getResourceBundle(
    i18next.language,
    "translation",
  );
  const words = texts?.[vocabulary] ?? {};
  // Names come from data: one like `constructor` must not find what every object has.
  return (Object.hasOwn(words, name) && words[name]) || humanise(name);
}

/** `car_viewed` → `Car viewed`: a machine's name as a person would write it. */
export function humanise(name: string): string {
  const words = name.replaceAll(/[_-]+/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
