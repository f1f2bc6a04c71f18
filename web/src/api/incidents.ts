import type { TFunction } from "i18next";
import { label } from "./labels";
import type { Incident } from "./types";

const KINDS = [
  "source_silent",
  "channel_fails",
  "fold_lags",
  "disk_fills",
  "refused_jumps",
  "score_drifts",
  "stage_builds_up",
] as const;
export type AlertKind = (typeof KINDS)[number];

export function alertKind(kind: string): AlertKind {
  return KINDS.find((known) => known === kind) ?? "source_silent";
}

/** What is wrong, in a few words. */
export function incidentTitle(t: TFunction, { kind, name }: Pick<Incident, "kind" | "name">): string {
  return t(`alerts.title.${alertKind(kind)}`, { name: kind === "stage_builds_up" ? stageName(name) : name });
}

/** An event, and behind a comma the place where people wait. */
function stageName(name: string): string {
  const [event = "", ...place] = name.split(", ");
  return [label("event", event), ...place].join(", ");
}

/** The figures behind it, as a sentence. */
export function incidentText(
  t: TFunction,
  format: { integer: (value: number) => string; decimal: (value: number) => string },
  { kind, name, figures }: Pick<Incident, "kind" | "name" | "figures">,
): string {
  const whole = (figure: string) => format.integer(figures[figure] ?? 0);
  const fine = (figure: string) => format.decimal(figures[figure] ?? 0);
  switch (alertKind(kind)) {
    case "source_silent":
      return t("alerts.text.source_silent", { minutes: whole("minutes"), usual: whole("usual_per_hour") });
    case "channel_fails":
      return t("alerts.text.channel_fails", { name });
    case "fold_lags":
      return t("alerts.text.fold_lags", { seconds: whole("seconds") });
    case "disk_fills":
      return t("alerts.text.disk_fills", { percent: fine("free_percent"), gib: fine("free_gib") });
    case "refused_jumps":
      return t("alerts.text.refused_jumps", {
        percent: whole("percent"),
        items: whole("items"),
        usual: whole("usual_percent"),
      });
    case "score_drifts":
      return t("alerts.text.score_drifts", {
        version: whole("version"),
        foretold: whole("foretold"),
        won: whole("won"),
        drifted: whole("drifted"),
      });
    case "stage_builds_up":
      return t("alerts.text.stage_builds_up", {
        waiting: whole("waiting"),
        days: whole("days"),
        week_ago: whole("week_ago"),
      });
  }
}
