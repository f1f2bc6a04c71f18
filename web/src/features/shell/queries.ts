import { keepPreviousData, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, body } from "../../api/client";
import type { ViewToSave } from "../../api/types";
import { errorText } from "../../ui/errorText";
import { toastFailed } from "../../ui/toast";

/** Below so many characters nothing is searched for. */
export const QUESTION_CHARS_MIN = 2;

export const searchQuery = (q: string) =>
  queryOptions({
    queryKey: ["search", q],
    queryFn: ({ signal }) => body(api.GET("/api/search", { params: { query: { q } }, signal })),
    enabled: QUESTION_CHARS_MIN <= q.length,
    placeholderData: keepPreviousData,
    retry: false,
  });

export const incidentsQuery = queryOptions({
  queryKey: ["incidents"],
  queryFn: () => body(api.GET("/api/incidents")),
  refetchInterval: 30_000,
});

export const viewsQuery = queryOptions({
  queryKey: ["views"],
  queryFn: () => body(api.GET("/api/views")),
});

export const useSaveView = () => useViewChange((view: ViewToSave) => body(api.POST("/api/views", { body: view })));

export const useChangeView = () =>
  useViewChange(({ id, ...view }: ViewToSave & { id: string }) =>
    body(api.PUT("/api/views/{id}", { params: { path: { id } }, body: view })),
  );

export const useRemoveView = () =>
  useViewChange((id: string) => api.DELETE("/api/views/{id}", { params: { path: { id } } }));

function useViewChange<Wish, Done>(change: (wish: Wish) => Promise<Done>) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: () => queryClient.invalidateQueries({ queryKey: viewsQuery.queryKey }),
    onError: (error) => toastFailed(errorText(t, error)),
  });
}
