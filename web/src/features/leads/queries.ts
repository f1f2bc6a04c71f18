import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { leadCalls, operatorCalls, type LeadAct } from "../../api/leads";
import { errorText } from "../../ui/errorText";
import { toastDone, toastFailed } from "../../ui/toast";

const LIVE_MS = 3_000;

/** Who of the contact centre takes calls, and its lines. */
export const operatorsQuery = queryOptions({
  queryKey: ["operators"],
  queryFn: operatorCalls.list,
  refetchInterval: LIVE_MS,
});

/** Does something with a lead, says so, and has what shows it read anew. */
export function useAct(leadId: string) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (act: LeadAct) => leadCalls.act(leadId, act),
    onSuccess: async (_, { act }) => {
      toastDone(t(`leads.done.${act}`));
      await Promise.all([
        queryClient.invalidateQueries({ queryKey: ["lead", leadId] }),
        queryClient.invalidateQueries({ queryKey: ["leads"] }),
      ]);
    },
    onError: (error) => toastFailed(errorText(t, error)),
  });
}

export function useRegister(onRegistered: (leadId: string) => void) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: leadCalls.register,
    onSuccess: async ({ lead_id }) => {
      toastDone(t("leads.register.done"));
      onRegistered(lead_id);
      await queryClient.invalidateQueries({ queryKey: ["leads"] });
    },
    onError: (error) => toastFailed(errorText(t, error)),
  });
}
