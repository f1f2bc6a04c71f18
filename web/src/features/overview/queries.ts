import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, body } from "../../api/client";

const REFRESH_MS = 15_000;
const REFRESH_WITH_JOB_MS = 2_000;

/** The figures of the days `from` to `to`, both included; asked for again while the page is open. */
export const overviewQuery = ({ from, to }: { from: string; to: string }) =>
  queryOptions({
    queryKey: ["overview", from, to],
    queryFn: () => body(api.GET("/api/overview", { params: { query: { from, to } } })),
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) =>
      state.data?.jobs.some((job) => job.state === "running") ? REFRESH_WITH_JOB_MS : REFRESH_MS,
  });
