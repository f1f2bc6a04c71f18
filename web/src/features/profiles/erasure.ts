import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, body } from "../../api/client";
import { erasuresQuery } from "../../api/erasures";
import { errorText } from "../../ui/errorText";
import { toastFailed } from "../../ui/toast";
import { profileQuery } from "./queries";

/** In the order they are taken; `done` is behind them all. */
export const ERASURE_STEPS = ["log", "lake", "sent", "databases", "old_files"] as const;

/** Where a person's data is handed out as a file. */
export const exportAddress = (profileId: string, format: "json" | "html") =>
  `/api/profiles/${profileId}/export?${new URLSearchParams({ format }).toString()}`;

/** Erases the person; the page asks for the profile again then, and finds nobody. */
export function useErase(profileId: string) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: () => body(api.POST("/api/profiles/{id}/erase", { params: { path: { id: profileId } } })),
    onSuccess: async (answer) => {
      if (!answer.done && !answer.link) toastFailed(answer.reason ?? t("profiles.erase.refused"));
      await queryClient.invalidateQueries({ queryKey: erasuresQuery.queryKey });
      await queryClient.invalidateQueries({ queryKey: profileQuery(profileId).queryKey });
      await queryClient.invalidateQueries({ queryKey: ["profiles"] });
    },
    onError: (error) => toastFailed(errorText(t, error)),
  });
}
