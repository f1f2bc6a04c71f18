import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, body } from "../../api/client";
import type { Source } from "../../api/types";
import { errorText } from "../../ui/errorText";
import { toastDone, toastFailed } from "../../ui/toast";

export const sourcesQuery = queryOptions({
  queryKey: ["sources"],
  queryFn: () => body(api.GET("/api/sources")),
  refetchInterval: 10_000,
});

export function useCreateSource(onCreated: (source: Source) => void) {
  return useSourceChange((name: string) => body(api.POST("/api/sources", { body: { name } })), onCreated);
}

export function useEnableSource() {
  return useSourceChange(({ id, enabled }: { id: string; enabled: boolean }) =>
    body(api.PATCH("/api/sources/{id}", { params: { path: { id } }, body: { enabled } })),
  );
}

export function useRotateKey() {
  const { t } = useTranslation();
  return useSourceChange(
    (id: string) => body(api.POST("/api/sources/{id}/rotate", { params: { path: { id } } })),
    () => toastDone(t("sources.rotate.done")),
  );
}

function useSourceChange<Wish>(change: (wish: Wish) => Promise<Source>, onDone?: (source: Source) => void) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: async (source) => {
      await queryClient.invalidateQueries({ queryKey: sourcesQuery.queryKey });
      onDone?.(source);
    },
    onError: (error) => toastFailed(errorText(t, error)),
  });
}
