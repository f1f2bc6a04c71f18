import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, body } from "../../api/client";
import type { CommandOutcome } from "../../api/types";
import { errorText } from "../../ui/errorText";
import { toastDone, toastFailed } from "../../ui/toast";

export const identityQuery = (id: string) =>
  queryOptions({
    queryKey: ["profile", id, "identity"],
    queryFn: () => body(api.GET("/api/profiles/{id}/identity", { params: { path: { id } } })),
  });

export const mergePreviewQuery = (id: string, withId: string) =>
  queryOptions({
    queryKey: ["profile", id, "merge-preview", withId],
    queryFn: () =>
      body(api.GET("/api/profiles/{id}/merge-preview", { params: { path: { id }, query: { with: withId } } })),
    staleTime: 0,
  });

export const candidatesQuery = (q: string) =>
  queryOptions({
    queryKey: ["profiles", "candidates", q],
    queryFn: () => body(api.GET("/api/profiles", { params: { query: { q, limit: 8 } } })),
    enabled: q !== "",
  });

/** Says that two identifiers of a profile are not one person's. */
export function usePart(profileId: string, onDone: () => void) {
  const { t } = useTranslation();
  return useWord({
    tell: (pair: { one: string; other: string }) =>
      body(api.POST("/api/profiles/{id}/unmerge", { params: { path: { id: profileId } }, body: pair })),
    done: t("profiles.part.done"),
    onDone,
  });
}

/** Says that two profiles are one person. */
export function useMerge(profileId: string, onDone: () => void) {
  const { t } = useTranslation();
  return useWord({
    tell: (withId: string) =>
      body(api.POST("/api/profiles/{id}/merge", { params: { path: { id: profileId } }, body: { with: withId } })),
    done: t("profiles.merge.done"),
    onDone,
  });
}

/** What a person says of who is who: done, refused with a reason, or still to be decided. */
function useWord<Wish>({
  tell,
  done,
  onDone,
}: {
  tell: (wish: Wish) => Promise<CommandOutcome>;
  done: string;
  onDone: () => void;
}) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: tell,
    onSuccess: async (outcome) => {
      const isPending = !outcome.done && outcome.link;
      if (!outcome.done && !isPending) return toastFailed(outcome.reason ?? t("profiles.word_refused"));
      toastDone(outcome.done ? done : t("profiles.word_accepted"));
      onDone();
      for (const queryKey of [["profile"], ["profiles"], ["ledger"], ["identity-report"], ["duplicates"]])
        await queryClient.invalidateQueries({ queryKey });
    },
    onError: (error) => toastFailed(errorText(t, error)),
  });
}
