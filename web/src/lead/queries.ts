import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { dealerCalls } from "../api/dealers";
import { leadCalls, type LeadsAsked } from "../api/leads";

const LIVE_MS = 5_000;
const RESTING_MS = 60_000;

/** Leads as they come and go; clocks count between two looks. */
export const leadsQuery = (asked: LeadsAsked) =>
  infiniteQueryOptions({
    queryKey: ["leads", asked],
    queryFn: ({ pageParam }) => leadCalls.list(asked, pageParam),
    initialPageParam: "",
    getNextPageParam: ({ next }) => next,
    placeholderData: keepPreviousData,
    staleTime: LIVE_MS / 2,
    refetchInterval: LIVE_MS,
  });

export const leadQuery = (id: string) =>
  queryOptions({ queryKey: ["lead", id], queryFn: () => leadCalls.get(id), refetchInterval: LIVE_MS });

export const dealersQuery = queryOptions({
  queryKey: ["dealers"],
  queryFn: dealerCalls.list,
  staleTime: 10_000,
  refetchInterval: RESTING_MS,
});
