import { infiniteQueryOptions, keepPreviousData, queryOptions, skipToken } from "@tanstack/react-query";
import { api, body } from "../../api/client";
import type { FunnelSpec } from "../../api/types";

export const funnelQuery = (spec: FunnelSpec | null) =>
  queryOptions({
    queryKey: ["funnel", spec],
    queryFn: spec ? ({ signal }) => body(api.POST("/api/reports/funnel", { body: spec, signal })) : skipToken,
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  });

/** Which people of a funnel: those who reached a step, or those who came to the one before and no further. */
export type Crowd = { step: number; outcome: "reached" | "dropped"; by?: { [dimension: string]: string | null } };

export const peopleQuery = (spec: FunnelSpec, crowd: Crowd) =>
  infiniteQueryOptions({
    queryKey: ["funnel", spec, "people", crowd],
    queryFn: ({ pageParam }) =>
      body(
        api.POST("/api/reports/funnel/people", {
          body: { spec, ...crowd, limit: 50, ...(pageParam && { cursor: pageParam }) },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: ({ next_cursor }) => next_cursor,
  });
