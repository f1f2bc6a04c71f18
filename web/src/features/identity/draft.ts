import type { IdentifierKindSettings, IdentifierRole, IdentitySettings } from "../../api/types";

export const ROLES: IdentifierRole[] = ["person", "device", "nobody"];

export const LIMITS = [
  "names_per_contact_max",
  "people_per_contact_max",
  "people_per_device_max",
  "identifiers_per_profile_max",
] as const;

/** A kind that is being worked on; `isNew` while it stands in no settings yet. */
export type KindDraft = { name: string; isNew: boolean; settings: Kind };
type Kind = Required<IdentifierKindSettings>;

export const newKind = (): KindDraft => ({
  name: "",
  isNew: true,
  // What a kind that is not listed counts as.
  settings: { role: "person", is_unique: true, limit: null, blocked: [] },
});

export const kindOf = (name: string, { role, is_unique, limit, blocked }: IdentifierKindSettings): KindDraft => ({
  name,
  isNew: false,
  settings: { role, is_unique: is_unique ?? false, limit: limit ?? null, blocked: blocked ?? [] },
});

export function withKind(settings: IdentitySettings, { name, settings: kind }: KindDraft): IdentitySettings {
  return { ...settings, kinds: { ...settings.kinds, [name]: kind } };
}

export function withoutKind(settings: IdentitySettings, name: string): IdentitySettings {
  const { [name]: _, ...kinds } = settings.kinds;
  return { ...settings, kinds };
}

/** The kinds in the order in which they are read: people's, devices, nobody's, each by name. */
export function kindsOf(settings: IdentitySettings): KindDraft[] {
  return Object.entries(settings.kinds)
    .map(([name, kind]) => kindOf(name, kind))
    .sort(
      (a, b) =>
        ROLES.indexOf(a.settings.role) - ROLES.indexOf(b.settings.role) ||
        Number(b.settings.is_unique) - Number(a.settings.is_unique) ||
        a.name.localeCompare(b.name),
    );
}

export const isSame = (a: IdentitySettings, b: IdentitySettings) => plain(a) === plain(b);

/** In one order, whoever wrote it. */
function plain(settings: IdentitySettings): string {
  const kinds = kindsOf(settings)
    .map(({ name, settings: { role, is_unique, limit, blocked } }) => [
      name,
      role,
      is_unique,
      limit && [limit.values, limit.window_days],
      blocked,
    ])
    .sort(([a], [b]) => String(a).localeCompare(String(b)));
  return JSON.stringify([kinds, LIMITS.map((name) => settings[name])]);
}

/** Patterns as they are typed: one in each line. */
export const patternsOf = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");

const KIND_NAME = /^[a-z][a-z0-9_]{0,63}$/;

export const isKindName = (name: string) => KIND_NAME.test(name);

/** What trying settings on history came to. */
export type Outcome = {
  profiles_before: number;
  profiles_after: number;
  joined: number;
  parted: number;
  examples: { profile_id?: string; before: string[][]; after: string[][] }[];
};

/** Reads the message that the job leaves; `null` for one that is no outcome. */
export function outcomeOf(message: string | null): Outcome | null {
  try {
    const outcome: unknown = JSON.parse(message ?? "");
    return isOutcome(outcome) ? outcome : null;
  } catch {
    return null;
  }
}

function isOutcome(outcome: unknown): outcome is Outcome {
  return (
    typeof outcome === "object" &&
    outcome !== null &&
    "profiles_before" in outcome &&
    "profiles_after" in outcome &&
    "examples" in outcome &&
    Array.isArray(outcome.examples)
  );
}
