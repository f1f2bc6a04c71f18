import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, body } from "../../api/client";

/** Which rows are wanted; a missing field lets all through. Days are those of the installation's zone. */
export type AuditSearch = { actor?: string; action?: string; object?: string; from?: string; to?: string };

/** The first day that no longer counts. */
function dayAfter(day: string): string {
  const next = new Date(`${day}T00:00:00Z`);
  next.setUTCDate(next.getUTCDate() + 1);
  return next.toISOString().slice(0, 10);
}

/** The search as the server reads it: there `to` no longer counts. */
const asked = (search: AuditSearch): AuditSearch => ({
  ...search,
  ...(search.to && { to: dayAfter(search.to) }),
});

export const auditQuery = (search: AuditSearch) =>
  infiniteQueryOptions({
    queryKey: ["audit", search],
    queryFn: ({ pageParam }) =>
      body(
        api.GET("/api/audit", {
          params: { query: { ...asked(search), limit: 100, ...(pageParam && { cursor: pageParam }) } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: ({ next_cursor }) => next_cursor,
    placeholderData: keepPreviousData,
  });

/** Goes through the whole log: asked for by hand only. */
export const proofQuery = queryOptions({
  queryKey: ["audit-proof"],
  queryFn: () => body(api.GET("/api/audit/proof")),
  enabled: false,
  staleTime: 0,
  gcTime: 0,
});
