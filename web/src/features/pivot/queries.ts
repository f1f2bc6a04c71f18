import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, body } from "../../api/client";
import type { PivotSpec } from "../../api/types";

export const catalogueQuery = queryOptions({
  queryKey: ["catalogue"],
  queryFn: () => body(api.GET("/api/catalogue")),
  staleTime: 60_000,
});

export const conversionsQuery = queryOptions({
  queryKey: ["conversions"],
  queryFn: () => body(api.GET("/api/conversions")),
  staleTime: 30_000,
});

export const pivotQuery = (spec: PivotSpec) =>
  queryOptions({
    queryKey: ["pivot", spec],
    queryFn: ({ signal }) => body(api.POST("/api/reports/pivot", { body: spec, signal })),
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  });

/** Which people of a pivot: those behind a measure at a place. */
export type Crowd = { measure: string; place: { [dimension: string]: string | null } };

export const peopleQuery = (spec: PivotSpec, crowd: Crowd) =>
  infiniteQueryOptions({
    queryKey: ["pivot", spec, "people", crowd],
    queryFn: ({ pageParam }) =>
      body(
        api.POST("/api/reports/pivot/people", {
          body: { spec, ...crowd, limit: 50, ...(pageParam && { cursor: pageParam }) },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: ({ next_cursor }) => next_cursor,
  });
