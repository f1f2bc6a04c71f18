import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient, type QueryKey } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { ask } from "../../api/client";
import { decided } from "../../api/outcome";
import type { CommandOutcome } from "../../api/types";
import type { MessageChannel } from "../../message/channels";
import { gateCalls, gateQuery } from "../../message/gate";
import { errorText } from "../../ui/errorText";
import { toastDone, toastFailed } from "../../ui/toast";

// Written by hand until openapi.json tells of messages: then these become the generated types.

/** An address that gets nothing, and why. */
export type SuppressedAddress = {
  message_channel: MessageChannel;
  address: string;
  reason: string;
  actor: string;
  at: string;
};
type SuppressedPage = { addresses: SuppressedAddress[]; next: string | null };

/** How a channel is reached; its secret is never shown. */
export type Sender = {
  message_channel: MessageChannel;
  settings: Record<string, unknown> | null;
  has_secret: boolean;
  is_ready: boolean;
  problem: string;
  receipts_path: string | null;
};

const PAGE = "50";

export const suppressedQuery = (words: string) =>
  infiniteQueryOptions({
    queryKey: ["suppressed-addresses", words],
    queryFn: ({ pageParam }) =>
      ask<SuppressedPage>("GET", "/api/suppressed-addresses", { query: { words, cursor: pageParam, limit: PAGE } }),
    initialPageParam: "",
    getNextPageParam: ({ next }) => next,
  });

export const sendersQuery = queryOptions({
  queryKey: ["senders"],
  queryFn: () => ask<{ senders: Sender[] }>("GET", "/api/senders"),
});

export const useSetGate = () => useChange(gateCalls.set, gateQuery.queryKey);

export type ToSuppress = { message_channel: MessageChannel; addresses: string[]; reason: string };
export const useSuppress = () =>
  useChange(
    (wish: ToSuppress) => decided(ask<CommandOutcome>("POST", "/api/suppressed-addresses", { body: wish })),
    ["suppressed-addresses"],
  );

export type ToRelease = { message_channel: MessageChannel; addresses: string[] };
export const useRelease = () =>
  useChange(
    (wish: ToRelease) => decided(ask<CommandOutcome>("POST", "/api/suppressed-addresses/release", { body: wish })),
    ["suppressed-addresses"],
  );

export type SenderWish = { channel: MessageChannel; settings: Record<string, unknown>; secret?: string };
export const useSetSender = () =>
  useChange(
    ({ channel, ...wish }: SenderWish) => ask<Sender>("PUT", `/api/senders/${channel}`, { body: wish }),
    sendersQuery.queryKey,
  );

/** Changes something on the server, says so, and has the list read anew. */
function useChange<Wish>(change: (wish: Wish) => Promise<unknown>, list: QueryKey) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: async () => {
      toastDone(t("settings.saved"));
      await queryClient.invalidateQueries({ queryKey: list });
    },
    onError: (error) => toastFailed(errorText(t, error)),
  });
}
