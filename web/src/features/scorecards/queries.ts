import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { scorecardCalls, type CostsBy } from "./api";

type Days = { from: string; to: string };

export const scorecardsQuery = (days: Days, region: string | undefined) =>
  queryOptions({
    queryKey: ["scorecards", days, region],
    queryFn: () => scorecardCalls.dealers(days, region),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });

export const deskQuery = (days: Days) =>
  queryOptions({
    queryKey: ["lead-desk-report", days],
    queryFn: () => scorecardCalls.desk(days),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });

export const leadCostsQuery = (days: Days, by: CostsBy) =>
  queryOptions({
    queryKey: ["lead-costs", days, by],
    queryFn: () => scorecardCalls.costs(days, by),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });
