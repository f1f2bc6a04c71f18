import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, body } from "../../api/client";
import type { components } from "../../api/schema";
import { errorText } from "../../ui/errorText";
import { toastDone, toastFailed } from "../../ui/toast";

export type Mapping = components["schemas"]["SourceMapping"];
export type Tried = components["schemas"]["SourceMappingTried"];

const REFRESH_MS = 5_000;

/** What another program's webhook is read by, and what waits for it. */
export const webhookQuery = (id: string) =>
  queryOptions({
    queryKey: ["source-mapping", id],
    queryFn: () => body(api.GET("/api/sources/{id}/mapping", { params: { path: { id } } })),
    refetchInterval: REFRESH_MS,
  });

export function useTryMapping(id: string) {
  const { t } = useTranslation();
  return useMutation({
    mutationFn: (asked: { body: string; mapping: Mapping | null }) =>
      body(api.POST("/api/sources/{id}/mapping/try", { params: { path: { id } }, body: asked })),
    onError: (error) => toastFailed(errorText(t, error)),
  });
}

export function useSaveMapping(id: string) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (mapping: Mapping | null) =>
      body(api.PUT("/api/sources/{id}/mapping", { params: { path: { id } }, body: { mapping } })),
    onSuccess: async ({ taken, still_waiting, reason }) => {
      if (reason) toastFailed(t("sources.webhook.still_waiting", { count: still_waiting, reason }));
      else toastDone(0 < taken ? t("sources.webhook.taken", { count: taken }) : t("settings.saved"));
      await queryClient.invalidateQueries({ queryKey: webhookQuery(id).queryKey });
    },
    onError: (error) => toastFailed(errorText(t, error)),
  });
}
