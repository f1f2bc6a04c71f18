import { keepPreviousData, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, body } from "../../api/client";
import type { ChannelRule } from "../../api/types";
import { errorText } from "../../ui/errorText";
import { toastDone, toastFailed } from "../../ui/toast";

const JOB_KIND = "channel_rules";
const REFRESH_MS = 1_000;

export const channelRulesQuery = queryOptions({
  queryKey: ["channel-rules"],
  queryFn: () => body(api.GET("/api/channel-rules")),
});

/** The channel of one visit, by rules that need not be saved. */
export const trialQuery = (rules: ChannelRule[], url: string, referrer: string) =>
  queryOptions({
    queryKey: ["channel-rules", "test", rules, url, referrer],
    queryFn: () => body(api.POST("/api/channel-rules/test", { body: { rules, url, referrer } })),
    enabled: url !== "",
    placeholderData: keepPreviousData,
    retry: false,
  });

/** The latest application to history, looked at while it runs. */
export const applyingQuery = queryOptions({
  queryKey: ["channel-rules", "jobs"],
  queryFn: async () => {
    const { jobs } = await body(api.GET("/api/jobs"));
    return jobs.find((job) => job.kind === JOB_KIND) ?? null;
  },
  refetchInterval: ({ state }) => (state.data?.state === "running" ? REFRESH_MS : false),
});

export function useSaveRules() {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: async (rules: ChannelRule[]) => {
      const outcome = await body(api.PUT("/api/channel-rules", { body: { rules } }));
      if (outcome.reason) throw new Error(outcome.reason);
    },
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: channelRulesQuery.queryKey });
      toastDone(t("channel_rules.saved"));
    },
    onError: (error) => toastFailed(errorText(t, error)),
  });
}

/** What rules would change in everything that came so far. */
export const useForecast = () =>
  useMutation({
    mutationFn: (rules: ChannelRule[]) => body(api.POST("/api/channel-rules/preview", { body: { rules } })),
  });

export function useApplyRules() {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: () => body(api.POST("/api/channel-rules/apply")),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: applyingQuery.queryKey }),
    onError: (error) => toastFailed(errorText(t, error)),
  });
}
