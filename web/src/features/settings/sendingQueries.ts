import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, body } from "../../api/client";
import { meQuery } from "../../api/session";
import type { SmsGateway, Switches } from "../../api/types";
import { errorText } from "../../ui/errorText";
import { toastDone, toastFailed } from "../../ui/toast";

export const sendingQuery = queryOptions({
  queryKey: ["sending"],
  queryFn: () => body(api.GET("/api/sending")),
});

export function useSetSwitches() {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (switches: Switches) => body(api.PUT("/api/sending", { body: switches })),
    onSuccess: async ({ reason }) => {
      if (reason) toastFailed(reason);
      else toastDone(t("sending.saved"));
      await queryClient.invalidateQueries({ queryKey: sendingQuery.queryKey });
      // The shell shows safe mode on every page.
      await queryClient.invalidateQueries({ queryKey: meQuery.queryKey });
    },
    onError: (error) => toastFailed(errorText(t, error)),
  });
}

export function useSetGateway() {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (wish: { gateway: SmsGateway; secret?: string }) => body(api.PUT("/api/sending/sms", { body: wish })),
    onSuccess: (sending) => {
      queryClient.setQueryData(sendingQuery.queryKey, sending);
      toastDone(t("sending.saved"));
    },
    onError: (error) => toastFailed(errorText(t, error)),
  });
}

export function useTrySms() {
  const { t } = useTranslation();
  return useMutation({
    mutationFn: (wish: { phone: string; text: string }) => body(api.POST("/api/sending/sms/try", { body: wish })),
    onError: (error) => toastFailed(errorText(t, error)),
  });
}
