import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { errorText } from "../../../ui/errorText";
import { toastDone, toastFailed } from "../../../ui/toast";
import { adGateCalls, type AdGate } from "./api";

export const adGateQuery = queryOptions({ queryKey: ["ad-gate"], queryFn: adGateCalls.get });
export const switchesQuery = queryOptions({ queryKey: ["ad-gate-switches"], queryFn: adGateCalls.switches });

/** What changes the gates answers with all of them. */
function useChange<Asked>(change: (asked: Asked) => Promise<AdGate>) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: async (gate) => {
      toastDone(t("settings.saved"));
      // The secret is shown once, and kept nowhere.
      queryClient.setQueryData(adGateQuery.queryKey, { ...gate, webhook_secret: null });
      await queryClient.invalidateQueries({ queryKey: switchesQuery.queryKey });
    },
    onError: (error) => toastFailed(errorText(t, error)),
  });
}

export const useSaveGateRules = () => useChange(adGateCalls.put);
export const usePin = () => useChange(adGateCalls.pin);

export function useTrial() {
  const { t } = useTranslation();
  return useMutation({
    mutationFn: adGateCalls.simulate,
    onError: (error) => toastFailed(errorText(t, error)),
  });
}
