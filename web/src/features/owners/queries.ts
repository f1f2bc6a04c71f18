import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { errorText } from "../../ui/errorText";
import { toastDone, toastFailed } from "../../ui/toast";
import { ownerCalls } from "./api";

export const ownerRulesQuery = queryOptions({ queryKey: ["owner-rules"], queryFn: ownerCalls.get });

function useChange<Asked>(change: (asked: Asked) => Promise<unknown>, done: "settings.saved" | "owners.curve.learned") {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: async () => {
      toastDone(t(done));
      await queryClient.invalidateQueries({ queryKey: ownerRulesQuery.queryKey });
    },
    onError: (error) => toastFailed(errorText(t, error)),
  });
}

export const useSaveRules = () => useChange(ownerCalls.put, "settings.saved");
export const useLearnCurve = () => useChange(() => ownerCalls.learn(), "owners.curve.learned");
