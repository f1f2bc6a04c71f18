import { keepPreviousData, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, body } from "../../api/client";
import type { Import } from "../../api/types";
import { errorText } from "../../ui/errorText";
import { toastFailed } from "../../ui/toast";
import type { Mapping } from "./mapping";

const WORKING = new Set<Import["state"]>(["checking", "queued", "running"]);

/** Whether the server works on it, so that a look a moment later shows something else. */
export function isWorking({ state }: Import): boolean {
  return WORKING.has(state);
}

export const importsQuery = queryOptions({
  queryKey: ["imports"],
  queryFn: () => body(api.GET("/api/imports")),
  refetchInterval: ({ state }) => (state.data?.imports.some(isWorking) ? 1_500 : 15_000),
});

export const importQuery = (id: string) =>
  queryOptions({
    queryKey: ["imports", id],
    queryFn: () => body(api.GET("/api/imports/{id}", { params: { path: { id } } })),
    refetchInterval: ({ state }) => (state.data && isWorking(state.data) ? 700 : false),
  });

/** What the file's first rows would become under a mapping; `null` lets the server propose one. */
export const lookQuery = (id: string, kind: string | null, mapping: Mapping | null) =>
  queryOptions({
    queryKey: ["imports", id, "look", kind, mapping],
    queryFn: () =>
      body(api.POST("/api/imports/{id}/look", { params: { path: { id } }, body: { kind, mapping: mapping as never } })),
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });

export const mappingsQuery = queryOptions({
  queryKey: ["import-mappings"],
  queryFn: () => body(api.GET("/api/import-mappings")),
});

export type Plan = { kind: string; mapping: Mapping; source: string; live: boolean };

export function usePlan(id: string) {
  return useImportChange((plan: Plan) =>
    body(api.PUT("/api/imports/{id}", { params: { path: { id } }, body: { ...plan, mapping: plan.mapping as never } })),
  );
}

export type Act = "check" | "start" | "pause" | "resume" | "cancel";

export function useAct(id: string) {
  const path = { params: { path: { id } } };
  return useImportChange((act: Act) => {
    switch (act) {
      case "check":
        return body(api.POST("/api/imports/{id}/check", path));
      case "start":
        return body(api.POST("/api/imports/{id}/start", path));
      case "pause":
        return body(api.POST("/api/imports/{id}/pause", path));
      case "resume":
        return body(api.POST("/api/imports/{id}/resume", path));
      case "cancel":
        return body(api.POST("/api/imports/{id}/cancel", path));
    }
  });
}

export function useAgain(onBegun: (next: Import) => void) {
  return useImportChange(
    (id: string) => body(api.POST("/api/imports/{id}/again", { params: { path: { id } } })),
    onBegun,
  );
}

export function useRemove(onRemoved?: () => void) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => api.DELETE("/api/imports/{id}", { params: { path: { id } } }),
    onSuccess: async () => {
      onRemoved?.();
      await queryClient.invalidateQueries({ queryKey: importsQuery.queryKey });
    },
    onError: (error) => toastFailed(errorText(t, error)),
  });
}

export function useKeepMapping(onKept: () => void) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: ({ name, kind, mapping }: { name: string; kind: string; mapping: Mapping }) =>
      api.PUT("/api/import-mappings/{name}", {
        params: { path: { name } },
        body: { kind, mapping: mapping as never },
      }),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: mappingsQuery.queryKey });
      onKept();
    },
    onError: (error) => toastFailed(errorText(t, error)),
  });
}

export function useRemoveMapping() {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (name: string) => api.DELETE("/api/import-mappings/{name}", { params: { path: { name } } }),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: mappingsQuery.queryKey }),
    onError: (error) => toastFailed(errorText(t, error)),
  });
}

function useImportChange<Wish>(change: (wish: Wish) => Promise<Import>, onDone?: (next: Import) => void) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: (next) => {
      queryClient.setQueryData(importQuery(next.id).queryKey, next);
      void queryClient.invalidateQueries({ queryKey: importsQuery.queryKey, exact: true });
      onDone?.(next);
    },
    onError: (error) => toastFailed(errorText(t, error)),
  });
}
