import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, body } from "../../api/client";
import type { RetryWish } from "../../api/types";
import { errorText } from "../../ui/errorText";
import { toastDone, toastFailed } from "../../ui/toast";
import type { DeliveriesSearch } from "./search";

export const deliveriesQuery = ({ channel, state, form }: DeliveriesSearch) =>
  infiniteQueryOptions({
    queryKey: ["deliveries", channel, state, form],
    queryFn: ({ pageParam }) =>
      body(
        api.GET("/api/deliveries", {
          params: { query: { message_channel: channel, state, form, before: pageParam || undefined } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: ({ next }) => next,
    refetchInterval: 5_000,
  });

export const deliveryQuery = (id: string) =>
  queryOptions({
    queryKey: ["delivery", id],
    queryFn: () => body(api.GET("/api/deliveries/{id}", { params: { path: { id } } })),
    refetchInterval: 5_000,
  });

/** Has messages sent again; the fold has the last word on it. */
export function useRetryMessages() {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (wish: RetryWish) => body(api.POST("/api/deliveries/retry", { body: wish })),
    onSuccess: async ({ reason }) => {
      if (reason) toastFailed(reason);
      else toastDone(t("deliveries.retry.done"));
      await queryClient.invalidateQueries({ queryKey: ["deliveries"] });
      await queryClient.invalidateQueries({ queryKey: ["delivery"] });
    },
    onError: (error) => toastFailed(errorText(t, error)),
  });
}
