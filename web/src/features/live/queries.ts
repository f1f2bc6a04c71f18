import {
  infiniteQueryOptions,
  keepPreviousData,
  queryOptions,
  useMutation,
  useQueryClient,
} from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, body } from "../../api/client";
import { errorText } from "../../ui/errorText";
import { toastDone, toastFailed } from "../../ui/toast";

const ALL_LETTERS = ["dead-letters"];

/** How many wait for a look, and why they were refused. */
export const openLettersQuery = queryOptions({
  queryKey: [...ALL_LETTERS, "open"],
  queryFn: () => body(api.GET("/api/dead-letters", { params: { query: { limit: 1, state: "open" } } })),
  refetchInterval: 10_000,
});

/** The refused events of one reason, or of all; those that are settled only when asked for. */
export const lettersQuery = ({ reason, state }: { reason?: string; state: "open" | "all" }) =>
  infiniteQueryOptions({
    queryKey: [...ALL_LETTERS, "list", reason, state],
    queryFn: ({ pageParam }) =>
      body(
        api.GET("/api/dead-letters", {
          params: {
            query: {
              limit: 50,
              ...(reason && { reason }),
              ...(state === "open" && { state }),
              ...(pageParam && { cursor: pageParam }),
            },
          },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: ({ next_cursor }) => next_cursor,
    placeholderData: keepPreviousData,
  });

/** Sends a refused event again, as it was or as it was edited. */
export function useRetry(onAccepted: () => void) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: ({ id, raw }: { id: string; raw: string }) =>
      body(api.POST("/api/dead-letters/{id}/retry", { params: { path: { id } }, body: { raw } })),
    onSuccess: async ({ accepted }) => {
      if (!accepted) return;
      toastDone(t("live.refused.accepted"));
      onAccepted();
      await queryClient.invalidateQueries({ queryKey: ALL_LETTERS });
    },
    onError: (error) => toastFailed(errorText(t, error)),
  });
}

export function useDiscard(onDiscarded: () => void) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => api.POST("/api/dead-letters/{id}/discard", { params: { path: { id } } }),
    onSuccess: async () => {
      toastDone(t("live.refused.discarded"));
      onDiscarded();
      await queryClient.invalidateQueries({ queryKey: ALL_LETTERS });
    },
    onError: (error) => toastFailed(errorText(t, error)),
  });
}
