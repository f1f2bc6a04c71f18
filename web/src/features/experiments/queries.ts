import { keepPreviousData, queryOptions, skipToken } from "@tanstack/react-query";
import { api, body } from "../../api/client";
import type { ExperimentPlanRequest, ExperimentSpec } from "../../api/types";
import type { Behind } from "../../report/PeopleDrawer";

export const experimentsQuery = queryOptions({
  queryKey: ["experiments"],
  queryFn: ({ signal }) => body(api.GET("/api/experiments", { signal })),
  staleTime: 60_000,
});

export const experimentQuery = (spec: ExperimentSpec | null) =>
  queryOptions({
    queryKey: ["experiment", spec],
    queryFn: spec ? ({ signal }) => body(api.POST("/api/reports/experiment", { body: spec, signal })) : skipToken,
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  });

export const planQuery = (asked: ExperimentPlanRequest | null) =>
  queryOptions({
    queryKey: ["experiment", "plan", asked],
    queryFn: asked ? ({ signal }) => body(api.POST("/api/experiments/plan", { body: asked, signal })) : skipToken,
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
  });

/** Which people of an experiment; those who were shown several variants belong to none. */
export type Crowd = { variant: string | null; outcome: "exposed" | "converted" };

export const behind = (spec: ExperimentSpec, crowd: Crowd): Behind => ({
  key: ["experiment", spec, "people", crowd],
  page: (cursor) =>
    body(
      api.POST("/api/reports/experiment/people", { body: { spec, ...crowd, limit: 50, ...(cursor && { cursor }) } }),
    ),
});
