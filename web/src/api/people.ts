import type { TFunction } from "i18next";
import type { ProfileRow } from "./types";

/** A profile as a line of a list: its name, or else what it is known by; what tells it from others; where it leads. */
export function personLink(t: TFunction, format: { ago: (iso: string, now: Date) => string }, row: ProfileRow) {
  const title = row.name ?? row.email ?? row.phone ?? t("people.nameless");
  // What the title says already is not said again.
  const known = [row.email, row.phone].filter((each) => each !== title);
  const seen = t("people.last_seen", { time: format.ago(row.last_seen, new Date()) });
  return {
    key: row.profile_id,
    title,
    detail: [...known, row.dealer ?? row.region, seen].filter(Boolean).join(" · "),
    link: { to: "/profiles/$profileId", params: { profileId: row.profile_id } } as const,
  };
}
