import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, body } from "../../api/client";
import { errorText } from "../../ui/errorText";
import { toastDone, toastFailed } from "../../ui/toast";

const LISTED = 200;

export const deadLettersQuery = queryOptions({
  queryKey: ["dead-letters"],
  queryFn: () => body(api.GET("/api/dead-letters", { params: { query: { limit: LISTED } } })),
  refetchInterval: 10_000,
});

/** Sends a refused event again, as it was or as it was edited. */
export function useRetry(onAccepted: () => void) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: ({ id, raw }: { id: string; raw: string }) =>
      body(api.POST("/api/dead-letters/{id}/retry", { params: { path: { id } }, body: { raw } })),
    onSuccess: async ({ accepted }) => {
      if (!accepted) return;
      toastDone(t("live.refused.accepted"));
      onAccepted();
      await queryClient.invalidateQueries({ queryKey: deadLettersQuery.queryKey });
    },
    onError: (error) => toastFailed(errorText(t, error)),
  });
}

export function useDiscard(onDiscarded: () => void) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => api.POST("/api/dead-letters/{id}/discard", { params: { path: { id } } }),
    onSuccess: async () => {
      toastDone(t("live.refused.discarded"));
      onDiscarded();
      await queryClient.invalidateQueries({ queryKey: deadLettersQuery.queryKey });
    },
    onError: (error) => toastFailed(errorText(t, error)),
  });
}
