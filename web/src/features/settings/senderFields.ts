import type { MessageChannel } from "../../message/channels";

/** What is kept of a sender, as the server names it. */
export type SenderSettings = Record<string, unknown>;

/**
 * A field of a sender's settings; its words are `senders.field.<name>`.
 *
 * A name with dots leads inside: `dkim.0.domain` is the domain of the first of `dkim`.
 */
export type SenderField = {
  name: string;
  kind: "text" | "number" | "email" | "url" | "choice";
  isRequired?: true;
  /** The words of each are `senders.choice.<choice>`. */
  choices?: readonly string[];
  /** Stands in an empty field: an example in no language. */
  example?: string;
  /** What it is to begin with. */
  first?: string | number;
  /** Takes a whole line. */
  isWide?: true;
};

/** What is needed to reach a channel; `secret`: what the secret is called there, as `senders.secret.<secret>`. */
export type SenderShape = { fields: readonly SenderField[]; secret: "password" | "token" | "key" };

const PER_SECOND: SenderField = { name: "per_second", kind: "number" };

/**
 * The settings of each sender, in the order of its form: the one place that knows their names.
 *
 * SMS has its own form under Sending; a webhook is configured with its form.
 */
export const SENDER_FIELDS: Partial<Record<MessageChannel, SenderShape>> = {
  email: {
    secret: "password",
    fields: [
      { name: "host", kind: "text", isRequired: true, example: "smtp.example.com" },
      { name: "port", kind: "number", isRequired: true, first: 587 },
      { name: "security", kind: "choice", choices: ["starttls", "tls", "none"], first: "starttls" },
      { name: "username", kind: "text", first: "" },
      { name: "from", kind: "text", isRequired: true, example: "Aurelia Motors <news@aurelia.example>", isWide: true },
      { name: "reply_to", kind: "text", first: "", example: "hello@aurelia.example" },
      { name: "return_path", kind: "email", first: "", example: "bounces@aurelia.example" },
      { name: "dkim.0.domain", kind: "text", example: "aurelia.example" },
      { name: "dkim.0.selector", kind: "text", example: "forecourt" },
      PER_SECOND,
    ],
  },
  viber: {
    secret: "token",
    fields: [
      { name: "name", kind: "text", isRequired: true, example: "Aurelia" },
      { name: "base_url", kind: "url", first: "" },
      PER_SECOND,
    ],
  },
  whatsapp: {
    secret: "token",
    fields: [
      { name: "phone_number_id", kind: "text", isRequired: true, example: "106540352242922" },
      { name: "api_version", kind: "text", first: "v23.0" },
      PER_SECOND,
    ],
  },
  telegram: { secret: "token", fields: [PER_SECOND] },
  web_push: {
    secret: "key",
    fields: [
      { name: "subject", kind: "text", isRequired: true, example: "mailto:it@aurelia.example", isWide: true },
      { name: "public_key", kind: "text", isRequired: true, isWide: true },
      PER_SECOND,
    ],
  },
};

/** What a new sender begins with. */
export function firstSettings({ fields }: SenderShape): SenderSettings {
  return Object.fromEntries(fields.flatMap(({ name, first }) => (first === undefined ? [] : [[name, first]])));
}

type Held = Record<string, unknown> | unknown[];
const isHeld = (value: unknown): value is Held => typeof value === "object" && value !== null;
const inside = (held: unknown, key: string): unknown =>
  isHeld(held) ? (Array.isArray(held) ? held[Number(key)] : held[key]) : undefined;

/** What stands under a name, which may lead inside. */
export const settingAt = (settings: SenderSettings, name: string): unknown =>
  name.split(".").reduce<unknown>(inside, settings);

/** The settings with another value under a name, which may lead inside; what is around it is made where it is not there. */
export function withSetting(settings: SenderSettings, name: string, value: unknown): SenderSettings {
  const [key = "", ...rest] = name.split(".");
  if (rest.length === 0) return { ...settings, [key]: value };
  const [at = "0", ...deeper] = rest;
  const list: unknown = settings[key];
  const items: unknown[] = Array.isArray(list) ? list : [];
  const item = items[Number(at)];
  const changed = withSetting(isHeld(item) && !Array.isArray(item) ? item : {}, deeper.join("."), value);
  const next = Number(at) < items.length ? items.with(Number(at), changed) : [...items, changed];
  return { ...settings, [key]: next };
}

/** The settings as the server takes them: what is empty in a list is left out. */
export function settingsToSave(settings: SenderSettings): SenderSettings {
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [name, Array.isArray(value) ? value.filter(isFilled) : value]),
  );
}

const isFilled = (item: unknown) => !isHeld(item) || Object.values(item).some((value) => value !== "");
