import { queryOptions } from "@tanstack/react-query";
import { api, body } from "./client";
import type { components } from "./schema";

export type Erasure = components["schemas"]["Erasure"];

/** Who was erased, and how far that has come: asks again while something is under way. */
export const erasuresQuery = queryOptions({
  queryKey: ["erasures"],
  queryFn: () => body(api.GET("/api/erasures", {})),
  refetchInterval: ({ state }) => (state.data?.erasures.some(({ step }) => step !== "done") ? 1_000 : false),
});
