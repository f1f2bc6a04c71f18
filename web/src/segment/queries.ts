import { queryOptions } from "@tanstack/react-query";
import { segmentCalls } from "./api";

const COMPUTING_MS = 1_500;
const RESTING_MS = 30_000;

/** All segments; looked at often while one is computed. */
export const segmentsQuery = queryOptions({
  queryKey: ["segments"],
  queryFn: segmentCalls.list,
  staleTime: 10_000,
  refetchInterval: ({ state }) =>
    state.data?.segments.some(({ state }) => state !== "live") ? COMPUTING_MS : RESTING_MS,
});

/** What conditions, and texts, may ask of people and events. */
export const fieldsQuery = queryOptions({
  queryKey: ["segments", "fields"],
  queryFn: segmentCalls.fields,
  staleTime: 60_000,
});
