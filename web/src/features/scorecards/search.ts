import { readPeriod, type PeriodSearch } from "../../ui/period";

export const TABS = ["dealers", "desk", "gate"] as const;
export type Tab = (typeof TABS)[number];

export const DEFAULT_DAYS = 90;

export type ScorecardsSearch = PeriodSearch & { tab?: "desk" | "gate"; region?: string };

export function readScorecards(search: Record<string, unknown>): ScorecardsSearch {
  const { tab, region } = search;
  return {
    ...readPeriod(search),
    ...((tab === "desk" || tab === "gate") && { tab }),
    ...(typeof region === "string" && region && { region }),
  };
}
