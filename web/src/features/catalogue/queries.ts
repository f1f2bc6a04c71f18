import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, body } from "../../api/client";
import type { EventStatus } from "../../api/types";
import { errorText } from "../../ui/errorText";
import { toastDone, toastFailed } from "../../ui/toast";

export const eventsQuery = queryOptions({
  queryKey: ["catalogue", "events"],
  queryFn: () => body(api.GET("/api/catalogue/events")),
  refetchInterval: 60_000,
});

export const eventQuery = (event: string) =>
  queryOptions({
    queryKey: ["catalogue", "events", event],
    queryFn: () => body(api.GET("/api/catalogue/events/{event}", { params: { path: { event } } })),
  });

export type Note = { description: string; owner: string; status: EventStatus };

export function useDescribe(event: string) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: async (note: Note) => {
      await api.PUT("/api/catalogue/events/{event}", { params: { path: { event } }, body: note });
    },
    onSuccess: async () => {
      toastDone(t("catalogue.saved"));
      await queryClient.invalidateQueries({ queryKey: eventsQuery.queryKey });
    },
    onError: (error) => toastFailed(errorText(t, error)),
  });
}
