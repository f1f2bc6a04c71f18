import {
  infiniteQueryOptions,
  keepPreviousData,
  queryOptions,
  useMutation,
  useQueryClient,
} from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, body } from "../../api/client";
import type { TimelineKind } from "../../api/types";
import { errorText } from "../../ui/errorText";
import { toastDone, toastFailed } from "../../ui/toast";

export const profileList = (q: string) =>
  infiniteQueryOptions({
    queryKey: ["profiles", q],
    queryFn: ({ pageParam }) =>
      body(
        api.GET("/api/profiles", {
          params: { query: { ...(q && { q }), ...(pageParam && { cursor: pageParam }), limit: 50 } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: ({ next_cursor }) => next_cursor,
    placeholderData: keepPreviousData,
  });

export const profileQuery = (id: string) =>
  queryOptions({
    queryKey: ["profile", id],
    queryFn: () => body(api.GET("/api/profiles/{id}", { params: { path: { id } } })),
  });

export const timelineQuery = (id: string, kind: TimelineKind) =>
  infiniteQueryOptions({
    queryKey: ["profile", id, "timeline", kind],
    queryFn: ({ pageParam }) =>
      body(
        api.GET("/api/profiles/{id}/timeline", {
          params: { path: { id }, query: { kind, limit: 50, ...(pageParam && { cursor: pageParam }) } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: ({ next_cursor }) => next_cursor,
  });

/** Writes a trait; the answer comes when it has been folded, so that the page shows it at once. */
export function useSaveTrait(profileId: string, onSaved: () => void) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: ({ name, value }: { name: string; value: unknown }) =>
      body(api.POST("/api/profiles/{id}/traits", { params: { path: { id: profileId } }, body: { name, value } })),
    onSuccess: async (answer) => {
      const pending = !answer.done && answer.link;
      if (!answer.done && !pending) return toastFailed(answer.reason ?? t("profiles.traits.refused"));
      toastDone(answer.done ? t("profiles.traits.saved") : t("profiles.traits.accepted"));
      onSaved();
      await queryClient.invalidateQueries({ queryKey: profileQuery(profileId).queryKey });
    },
    onError: (error) => toastFailed(errorText(t, error)),
  });
}
