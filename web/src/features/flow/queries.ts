import { keepPreviousData, queryOptions, skipToken } from "@tanstack/react-query";
import { api, body } from "../../api/client";
import type { FlowSpec } from "../../api/types";
import type { Behind } from "../../report/PeopleDrawer";

export const flowQuery = (spec: FlowSpec | null) =>
  queryOptions({
    queryKey: ["flow", spec],
    queryFn: spec ? ({ signal }) => body(api.POST("/api/reports/flow", { body: spec, signal })) : skipToken,
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  });

/** Which people of a report: at a stage, what became of them there, and perhaps of one group or one class of waiting time. */
export type Crowd = {
  /** From 1. */
  stage: number;
  outcome: "entered" | "moved" | "lost" | "waits";
  age?: number;
  by?: { [dimension: string]: string | null };
};

export const behind = (spec: FlowSpec, crowd: Crowd): Behind => ({
  key: ["flow", spec, "people", crowd],
  page: (cursor) =>
    body(api.POST("/api/reports/flow/people", { body: { spec, ...crowd, limit: 50, ...(cursor && { cursor }) } })),
});
