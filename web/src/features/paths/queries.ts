import { keepPreviousData, queryOptions, skipToken } from "@tanstack/react-query";
import { api, body } from "../../api/client";
import type { PathElement, PathsSpec } from "../../api/types";
import type { Behind } from "../../report/PeopleDrawer";

export const pathsQuery = (spec: PathsSpec | null) =>
  queryOptions({
    queryKey: ["paths", spec],
    queryFn: spec ? ({ signal }) => body(api.POST("/api/reports/paths", { body: spec, signal })) : skipToken,
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  });

/** Which people of a report: those whose paths have these places, and perhaps nothing beyond. */
export type Crowd = {
  /** An element is `null` for those that the report does not list by themselves. */
  at: { level: number; element: PathElement | null }[];
  ended: boolean;
  converted?: true;
};

export const behind = (spec: PathsSpec, crowd: Crowd): Behind => ({
  key: ["paths", spec, "people", crowd],
  page: (cursor) =>
    body(api.POST("/api/reports/paths/people", { body: { spec, ...crowd, limit: 50, ...(cursor && { cursor }) } })),
});
