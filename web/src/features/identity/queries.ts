import {
  infiniteQueryOptions,
  keepPreviousData,
  queryOptions,
  useMutation,
  useQueryClient,
  type QueryKey,
} from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, body } from "../../api/client";
import type { CommandOutcome, DuplicateAnswer, DuplicateSettings, IdentitySettings } from "../../api/types";
import { errorText } from "../../ui/errorText";
import { toastDone, toastFailed } from "../../ui/toast";
import type { LedgerSearch, PairState } from "./search";

const REFRESH_MS = 1_000;

export const ledgerQuery = ({ act, rule, why }: LedgerSearch) =>
  infiniteQueryOptions({
    queryKey: ["ledger", act, rule, why],
    queryFn: ({ pageParam }) =>
      body(api.GET("/api/identity/ledger", { params: { query: { act, rule, why, cursor: pageParam || undefined } } })),
    initialPageParam: "",
    getNextPageParam: ({ next_cursor }) => next_cursor,
    placeholderData: keepPreviousData,
  });

export const reportQuery = (days: { from: string; to: string }) =>
  queryOptions({
    queryKey: ["identity-report", days],
    queryFn: () => body(api.GET("/api/identity/report", { params: { query: days } })),
    placeholderData: keepPreviousData,
  });

export const identitySettingsQuery = queryOptions({
  queryKey: ["identity-settings"],
  queryFn: () => body(api.GET("/api/identity/settings")),
});

export type IdentityJobKind = "identity" | "identity_preview" | "duplicates";

/** The latest job of a kind, looked at while it runs. */
export const jobQuery = (kind: IdentityJobKind) =>
  queryOptions({
    queryKey: ["identity-jobs", kind],
    queryFn: async () => {
      const { jobs } = await body(api.GET("/api/jobs"));
      return jobs.find((job) => job.kind === kind) ?? null;
    },
    refetchInterval: ({ state }) => (state.data?.state === "running" ? REFRESH_MS : false),
  });

/** The trial that was asked for here, among those of others; before one is, whichever is under way. */
export const trialQuery = (asked: string | undefined) =>
  queryOptions({
    queryKey: ["identity-jobs", "identity_preview", asked],
    queryFn: async () => {
      const { jobs } = await body(api.GET("/api/jobs"));
      const trials = jobs.filter(({ kind }) => kind === "identity_preview");
      return trials.find(({ id, state }) => (asked === undefined ? state === "running" : id === asked)) ?? null;
    },
    refetchInterval: ({ state }) => (state.data?.state === "running" ? REFRESH_MS : false),
  });

export const duplicatesQuery = (state: PairState) =>
  infiniteQueryOptions({
    queryKey: ["duplicates", state],
    queryFn: ({ pageParam }) =>
      body(api.GET("/api/duplicates", { params: { query: { state, limit: 50, offset: pageParam } } })),
    initialPageParam: 0,
    getNextPageParam: ({ total }, pages) => {
      const shown = pages.reduce((sum, { pairs }) => sum + pairs.length, 0);
      return shown < total ? shown : undefined;
    },
    placeholderData: keepPreviousData,
  });

export const thresholdsQuery = queryOptions({
  queryKey: ["duplicate-settings"],
  queryFn: () => body(api.GET("/api/duplicates/settings")),
});

/** All that a word on who is who may change. */
const WHO_IS_WHO: QueryKey[] = [["profile"], ["profiles"], ["ledger"], ["identity-report"], ["duplicates"]];

/** Takes a merge of the ledger back: the two are parted and kept apart. */
export function useUndo() {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: ({ profileId, one, other }: { profileId: string; one: string; other: string }) =>
      body(api.POST("/api/profiles/{id}/unmerge", { params: { path: { id: profileId } }, body: { one, other } })),
    onSuccess: async (outcome) => {
      told(outcome, { done: t("ledger.undone"), accepted: t("ledger.accepted"), refused: t("ledger.undo_refused") });
      for (const queryKey of WHO_IS_WHO) await queryClient.invalidateQueries({ queryKey });
    },
    onError: (error) => toastFailed(errorText(t, error)),
  });
}

export function useSaveIdentity() {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (settings: IdentitySettings) => body(api.PUT("/api/identity/settings", { body: settings })),
    onSuccess: async (outcome) => {
      const [done, accepted, refused] = [
        t("identity_rules.saved"),
        t("identity_rules.accepted"),
        t("identity_rules.refused"),
      ];
      told(outcome, { done, accepted, refused });
      await queryClient.invalidateQueries({ queryKey: identitySettingsQuery.queryKey });
    },
    onError: (error) => toastFailed(errorText(t, error)),
  });
}

/** What became of a command: done, refused with a reason, or still to be decided. */
function told({ done, reason, link }: CommandOutcome, texts: { done: string; accepted: string; refused: string }) {
  if (done) toastDone(texts.done);
  else if (link) toastDone(texts.accepted);
  else toastFailed(reason ?? texts.refused);
}

/** Tries settings, which need not be saved, on everything that came so far. */
export const useTryIdentity = () =>
  useJob("identity_preview", (settings: IdentitySettings) =>
    body(api.POST("/api/identity/preview", { body: settings })),
  );

export const useApplyIdentity = () => useJob("identity", () => body(api.POST("/api/identity/apply")));

export function useRollBack() {
  const queryClient = useQueryClient();
  return useJob("identity", async () => {
    const job = await body(api.POST("/api/identity/rollback"));
    await queryClient.invalidateQueries({ queryKey: identitySettingsQuery.queryKey });
    return job;
  });
}

export const useFindDuplicates = () => useJob("duplicates", () => body(api.POST("/api/duplicates/find")));

/** Starts a job, which is looked at from then on. */
function useJob<Wish = void>(kind: IdentityJobKind, start: (wish: Wish) => Promise<{ job: string }>) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: start,
    onSuccess: () => queryClient.invalidateQueries({ queryKey: jobQuery(kind).queryKey }),
    onError: (error) => toastFailed(errorText(t, error)),
  });
}

export function useAnswer() {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: ({ id, answer }: { id: string; answer: DuplicateAnswer }) =>
      body(api.POST("/api/duplicates/{id}/answer", { params: { path: { id } }, body: { answer } })),
    onSuccess: async ({ done, reason }, { answer }) => {
      // A refusal changes nothing: the next answer can be given at once.
      if (!done) return toastFailed(reason ?? t("review.refused"));
      toastDone(t(`review.answered.${answer}`));
      await Promise.all(WHO_IS_WHO.map((queryKey) => queryClient.invalidateQueries({ queryKey })));
    },
    onError: (error) => toastFailed(errorText(t, error)),
  });
}

export function useSetThresholds() {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (settings: DuplicateSettings) => body(api.PUT("/api/duplicates/settings", { body: settings })),
    onSuccess: (settings) => {
      queryClient.setQueryData(thresholdsQuery.queryKey, settings);
      toastDone(t("review.thresholds.saved"));
    },
    onError: (error) => toastFailed(errorText(t, error)),
  });
}
