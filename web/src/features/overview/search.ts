import { readPeriod, type PeriodSearch } from "../../ui/period";

export const METRICS = ["events", "new_profiles", "leads", "sales", "revenue"] as const;
export type Metric = (typeof METRICS)[number];

export const DEFAULT_DAYS = 30;
export const DEFAULT_METRIC: Metric = "leads";

export type OverviewSearch = PeriodSearch & { metric?: Metric };

export function readOverview(search: Record<string, unknown>): OverviewSearch {
  const metric = METRICS.find((metric) => metric === search.metric);
  return { ...readPeriod(search), ...(metric && { metric }) };
}
