import {
  infiniteQueryOptions,
  keepPreviousData,
  queryOptions,
  skipToken,
  useMutation,
  useQueryClient,
} from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, body } from "../../api/client";
import { errorText } from "../../ui/errorText";
import { toastDone, toastFailed } from "../../ui/toast";
import { journeyCalls, type LifeStep, type RunsAsked } from "./api";
import type { Journey } from "./journey";

const LIVE_MS = 5_000;
const RESTING_MS = 30_000;
const FOUND_MAX = 8;

export const journeysQuery = queryOptions({
  queryKey: ["journeys"],
  queryFn: journeyCalls.list,
  staleTime: 5_000,
  refetchInterval: RESTING_MS,
});

export const journeyQuery = (id: string) =>
  queryOptions({ queryKey: ["journey", id], queryFn: () => journeyCalls.get(id) });

export const journeyTemplatesQuery = queryOptions({
  queryKey: ["journeys", "templates"],
  queryFn: journeyCalls.templates,
  staleTime: Number.POSITIVE_INFINITY,
});

/** A journey out of a file, on its way to the page that draws it. */
export const IMPORTED = ["journeys", "imported"] as const;

/** What the server minds about a drawing; `null` asks nothing. */
export const checkQuery = (journey: Journey | null) =>
  queryOptions({
    queryKey: ["journeys", "check", journey],
    queryFn: journey ? ({ signal }) => journeyCalls.check(journey, signal) : skipToken,
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    retry: false,
  });

/** Who is where now; `null` asks nothing. */
export const countsQuery = (id: string | null) =>
  queryOptions({
    queryKey: ["journey", id, "counts"],
    queryFn: id ? () => journeyCalls.counts(id) : skipToken,
    refetchInterval: LIVE_MS,
  });

export const reportQuery = (id: string, days: number) =>
  queryOptions({
    queryKey: ["journey", id, "report", days],
    queryFn: () => journeyCalls.report(id, days),
    placeholderData: keepPreviousData,
    refetchInterval: RESTING_MS,
  });

export const runsQuery = (id: string, asked: RunsAsked) =>
  infiniteQueryOptions({
    queryKey: ["journey", id, "runs", asked],
    queryFn: ({ pageParam }) => journeyCalls.runs(id, asked, pageParam),
    initialPageParam: "",
    getNextPageParam: ({ next }) => next,
    placeholderData: keepPreviousData,
  });

export const runQuery = (runId: string) =>
  queryOptions({
    queryKey: ["journey-run", runId],
    queryFn: () => journeyCalls.run(runId),
    refetchInterval: RESTING_MS,
  });

/** People whom a search finds; `null` asks for nobody. */
export const peopleQuery = (q: string | null) =>
  queryOptions({
    queryKey: ["profiles", "some", q],
    queryFn:
      q === null ? skipToken : () => body(api.GET("/api/profiles", { params: { query: { q, limit: FOUND_MAX } } })),
    staleTime: 30_000,
  });

/** Keeps a draft: a new one, or a changed one. */
export function useSaveJourney(sort: "new" | "changed") {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (journey: Journey) => (sort === "new" ? journeyCalls.create(journey) : journeyCalls.change(journey)),
    onSuccess: async (_, { journey_id }) => {
      await queryClient.invalidateQueries({ queryKey: ["journey", journey_id] });
      await queryClient.invalidateQueries({ queryKey: journeysQuery.queryKey, exact: true });
    },
    onError: (error) => toastFailed(errorText(t, error)),
  });
}

export function useLifeStep() {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: ({ id, step }: { id: string; step: LifeStep }) => journeyCalls.step(id, step),
    onSuccess: async (_, { id, step }) => {
      toastDone(t(`journeys.step_done.${step}`));
      await queryClient.invalidateQueries({ queryKey: ["journey", id] });
      await queryClient.invalidateQueries({ queryKey: journeysQuery.queryKey, exact: true });
    },
    onError: (error) => toastFailed(errorText(t, error)),
  });
}

export function useEnter(id: string, onEntered: () => void) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (wish: { profile_id: string; key: string }) => journeyCalls.enter(id, wish),
    onSuccess: async () => {
      toastDone(t("journeys.people.add_done"));
      onEntered();
      await queryClient.invalidateQueries({ queryKey: ["journey", id, "runs"] });
      await queryClient.invalidateQueries({ queryKey: ["journey", id, "counts"] });
    },
    onError: (error) => toastFailed(errorText(t, error)),
  });
}

export function useSimulation() {
  const { t } = useTranslation();
  return useMutation({
    mutationFn: journeyCalls.simulate,
    onError: (error) => toastFailed(errorText(t, error)),
  });
}

export function useDryRun() {
  const { t } = useTranslation();
  return useMutation({
    mutationFn: journeyCalls.dryRun,
    onError: (error) => toastFailed(errorText(t, error)),
  });
}
