import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { ask } from "../../api/client";
import type { CommandOutcome, Deliveries, RetryWish } from "../../api/types";
import { errorText } from "../../ui/errorText";
import { toastDone, toastFailed } from "../../ui/toast";
import type { DeliveriesSearch, Message, MessageDetail, MessageState } from "./search";

/** A page of messages, and what stands in the way of all of them. */
export type MessagePage = Omit<Deliveries, "messages" | "counts"> & {
  messages: Message[];
  counts: { message_channel: string; state: MessageState; messages: number }[];
};
/** What is sent again; the channels and states that openapi.json does not tell yet among them. */
export type Wish = Omit<RetryWish, "message_channel" | "state"> & {
  message_channel?: Message["message_channel"];
  state?: MessageState;
};

export const deliveriesQuery = ({ channel, state, form, definition }: DeliveriesSearch) =>
  infiniteQueryOptions({
    queryKey: ["deliveries", channel, state, form, definition],
    queryFn: ({ pageParam }) =>
      ask<MessagePage>("GET", "/api/deliveries", {
        query: { message_channel: channel, state, form: definition ?? form, before: pageParam },
      }),
    initialPageParam: "",
    getNextPageParam: ({ next }) => next,
    refetchInterval: 5_000,
  });

export const deliveryQuery = (id: string) =>
  queryOptions({
    queryKey: ["delivery", id],
    queryFn: () => ask<MessageDetail>("GET", `/api/deliveries/${encodeURIComponent(id)}`),
    refetchInterval: 5_000,
  });

/** Has messages sent again; the fold has the last word on it. */
export function useRetryMessages() {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (wish: Wish) => ask<CommandOutcome>("POST", "/api/deliveries/retry", { body: wish }),
    onSuccess: async ({ reason }) => {
      if (reason) toastFailed(reason);
      else toastDone(t("deliveries.retry.done"));
      await queryClient.invalidateQueries({ queryKey: ["deliveries"] });
      await queryClient.invalidateQueries({ queryKey: ["delivery"] });
    },
    onError: (error) => toastFailed(errorText(t, error)),
  });
}
