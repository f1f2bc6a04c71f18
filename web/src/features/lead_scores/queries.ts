import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { errorText } from "../../ui/errorText";
import { toastDone, toastFailed } from "../../ui/toast";
import { leadScoreCalls } from "./api";

const WORKING_MS = 800;
const RESTING_MS = 30_000;

export const leadScoresQuery = queryOptions({
  queryKey: ["lead-scores"],
  queryFn: leadScoreCalls.get,
  refetchInterval: ({ state }) => (state.data?.learning ? WORKING_MS : RESTING_MS),
});

function useChange<Asked>(
  change: (asked: Asked) => Promise<unknown>,
  done?: "lead_scores.published" | "settings.saved",
) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: async () => {
      if (done) toastDone(t(done));
      await queryClient.invalidateQueries({ queryKey: leadScoresQuery.queryKey });
    },
    onError: (error) => toastFailed(errorText(t, error)),
  });
}

export const useLearn = () => useChange(leadScoreCalls.learn);
export const usePublish = () => useChange(leadScoreCalls.publish, "lead_scores.published");
export const useWithdraw = () => useChange(leadScoreCalls.withdraw, "lead_scores.published");
export const useRemove = () => useChange(leadScoreCalls.remove, "settings.saved");
export const useSetRecalibrates = () => useChange(leadScoreCalls.set, "settings.saved");
