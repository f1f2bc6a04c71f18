import { queryOptions } from "@tanstack/react-query";
import { api, body } from "./client";

/** A saved view by the id that its link carries. */
export const viewQuery = (id: string) =>
  queryOptions({
    queryKey: ["view", id],
    queryFn: () => body(api.GET("/api/views/{id}", { params: { path: { id } } })),
    staleTime: 0,
  });
