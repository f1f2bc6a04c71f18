import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { dealerCalls, type Dealer } from "../../api/dealers";
import { errorText } from "../../ui/errorText";
import { toastDone, toastFailed } from "../../ui/toast";

export const useSaveDealer = () => useChange((dealer: Dealer) => dealerCalls.put(dealer), "dealers.saved");
export const useRemoveDealer = () => useChange((id: string) => dealerCalls.remove(id), "dealers.removed");

function useChange<Wish>(change: (wish: Wish) => Promise<unknown>, said: "dealers.saved" | "dealers.removed") {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: async () => {
      toastDone(t(said));
      await queryClient.invalidateQueries({ queryKey: ["dealers"] });
    },
    onError: (error) => toastFailed(errorText(t, error)),
  });
}
