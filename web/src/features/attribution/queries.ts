import { infiniteQueryOptions, keepPreviousData, queryOptions, skipToken } from "@tanstack/react-query";
import { api, body } from "../../api/client";
import type { AttributionSpec } from "../../api/types";

export const attributionQuery = (spec: AttributionSpec | null) =>
  queryOptions({
    queryKey: ["attribution", spec],
    queryFn: spec ? ({ signal }) => body(api.POST("/api/reports/attribution", { body: spec, signal })) : skipToken,
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  });

/** A row's value by dimension. */
export type Key = { [dimension: string]: string | null };

export const peopleQuery = (spec: AttributionSpec, by: Key) =>
  infiniteQueryOptions({
    queryKey: ["attribution", spec, "people", by],
    queryFn: ({ pageParam }) =>
      body(
        api.POST("/api/reports/attribution/people", {
          body: { spec, by, limit: 50, ...(pageParam && { cursor: pageParam }) },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: ({ next_cursor }) => next_cursor,
  });
