import { queryOptions } from "@tanstack/react-query";
import { api, body } from "../api/client";

export const catalogueQuery = queryOptions({
  queryKey: ["catalogue"],
  queryFn: () => body(api.GET("/api/catalogue")),
  staleTime: 60_000,
});
