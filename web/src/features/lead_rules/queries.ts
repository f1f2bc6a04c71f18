import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { errorText } from "../../ui/errorText";
import { toastDone, toastFailed } from "../../ui/toast";
import { leadRuleCalls } from "./api";

export const leadRulesQuery = queryOptions({ queryKey: ["lead-rules"], queryFn: leadRuleCalls.get });

export function useSaveRules() {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: leadRuleCalls.put,
    onSuccess: async () => {
      toastDone(t("settings.saved"));
      await queryClient.invalidateQueries({ queryKey: leadRulesQuery.queryKey });
    },
    onError: (error) => toastFailed(errorText(t, error)),
  });
}

export function useSimulate() {
  const { t } = useTranslation();
  return useMutation({
    mutationFn: leadRuleCalls.simulate,
    onError: (error) => toastFailed(errorText(t, error)),
  });
}
