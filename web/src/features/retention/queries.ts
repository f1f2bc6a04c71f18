import { infiniteQueryOptions, keepPreviousData, queryOptions, skipToken } from "@tanstack/react-query";
import { api, body } from "../../api/client";
import type { RetentionSpec } from "../../api/types";

export const retentionQuery = (spec: RetentionSpec | null) =>
  queryOptions({
    queryKey: ["retention", spec],
    queryFn: spec ? ({ signal }) => body(api.POST("/api/reports/retention", { body: spec, signal })) : skipToken,
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  });

/** Which people of a report: a cohort, and what became of it in a period. */
export type Crowd = { cohort: string; period: number; outcome: "began" | "returned" | "returned_after" };

export const peopleQuery = (spec: RetentionSpec, crowd: Crowd) =>
  infiniteQueryOptions({
    queryKey: ["retention", spec, "people", crowd],
    queryFn: ({ pageParam }) =>
      body(
        api.POST("/api/reports/retention/people", {
          body: { spec, ...crowd, limit: 50, ...(pageParam && { cursor: pageParam }) },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: ({ next_cursor }) => next_cursor,
  });
