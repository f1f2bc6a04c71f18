import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, body } from "../../api/client";
import { errorText } from "../../ui/errorText";
import { toastFailed } from "../../ui/toast";

const REFRESH_MS = 60_000;
const REFRESH_WHILE_MADE_MS = 1_000;

export const backupsQuery = queryOptions({
  queryKey: ["backups"],
  queryFn: () => body(api.GET("/api/backups")),
  refetchInterval: ({ state }) => (state.data?.under_way ? REFRESH_WHILE_MADE_MS : REFRESH_MS),
});

/** The latest backup among the jobs: the one under way, or how the last one ended. */
export const backupJobQuery = (underWay: boolean) =>
  queryOptions({
    queryKey: ["backups", "job", underWay],
    queryFn: async () => {
      const { jobs } = await body(api.GET("/api/jobs"));
      return jobs.find((job) => job.kind === "backup") ?? null;
    },
    refetchInterval: underWay ? REFRESH_WHILE_MADE_MS : false,
  });

export const useStartBackup = () => useChange(() => body(api.POST("/api/backups")));

export const usePauseSending = () =>
  useChange((paused: boolean) => body(api.PUT("/api/backups/sending", { body: { paused } })));

function useChange<Wish, Done>(change: (wish: Wish) => Promise<Done>) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: () => queryClient.invalidateQueries({ queryKey: backupsQuery.queryKey }),
    onError: (error) => toastFailed(errorText(t, error)),
  });
}
