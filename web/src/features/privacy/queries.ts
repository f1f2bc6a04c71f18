import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, body } from "../../api/client";
import type { Privacy, Retention, Role } from "../../api/types";
import { errorText } from "../../ui/errorText";
import { toastDone, toastFailed } from "../../ui/toast";

export const privacyQuery = queryOptions({
  queryKey: ["privacy"],
  queryFn: () => body(api.GET("/api/privacy")),
});

/** How many events the rules would take out if they were saved now. */
export const expiredQuery = (retention: Retention) =>
  queryOptions({
    queryKey: ["privacy", "expired", retention],
    queryFn: () => body(api.POST("/api/privacy/retention/count", { body: retention })),
    retry: false,
  });

export const useMasking = () =>
  usePrivacyChange((roles: Role[]) => body(api.PUT("/api/privacy/masking", { body: { roles } })));

export const useRetention = () =>
  usePrivacyChange((retention: Retention) => body(api.PUT("/api/privacy/retention", { body: retention })));

export function useRunRetention() {
  const { t } = useTranslation();
  return useMutation({
    mutationFn: () => api.POST("/api/privacy/retention/run"),
    onSuccess: () => toastDone(t("privacy.retention.started")),
    onError: (error) => toastFailed(errorText(t, error)),
  });
}

function usePrivacyChange<Wish>(change: (wish: Wish) => Promise<Privacy>) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: (privacy) => {
      queryClient.setQueryData(privacyQuery.queryKey, privacy);
      toastDone(t("privacy.saved"));
    },
    onError: (error) => toastFailed(errorText(t, error)),
  });
}
