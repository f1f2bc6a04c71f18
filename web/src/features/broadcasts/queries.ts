import { keepPreviousData, queryOptions, skipToken, useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { errorText } from "../../ui/errorText";
import { toastDone, toastFailed } from "../../ui/toast";
import { broadcastCalls, type Broadcast, type BroadcastState, type Step } from "./api";

const SENDING_MS = 2_000;
const RESTING_MS = 30_000;

const pace = (state: BroadcastState | undefined) => (state === "sending" ? SENDING_MS : RESTING_MS);

/** All broadcasts; looked at often while one is being sent. */
export const broadcastsQuery = queryOptions({
  queryKey: ["broadcasts"],
  queryFn: broadcastCalls.list,
  staleTime: 5_000,
  refetchInterval: ({ state }) =>
    pace(state.data?.broadcasts.some(({ state }) => state === "sending") ? "sending" : undefined),
});

export const broadcastQuery = (id: string) =>
  queryOptions({
    queryKey: ["broadcast", id],
    queryFn: () => broadcastCalls.get(id),
    refetchInterval: ({ state }) => pace(state.data?.state),
  });

/** What came of it, of one segment's people where there is one. */
export const reportQuery = (id: string, segment: string | undefined, state: BroadcastState) =>
  queryOptions({
    queryKey: ["broadcast", id, "report", segment],
    queryFn: () => broadcastCalls.report(id, segment),
    placeholderData: keepPreviousData,
    refetchInterval: pace(state),
  });

/** What would come of it; `null` asks nothing. */
export const dryRunQuery = (broadcast: Broadcast | null) =>
  queryOptions({
    queryKey: ["broadcasts", "dry-run", broadcast],
    queryFn: broadcast ? ({ signal }) => broadcastCalls.dryRun(broadcast, signal) : skipToken,
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    retry: false,
  });

/** Makes a broadcast, or changes one that has not begun; `onSaved` goes on with what is in force now. */
export function useSaveBroadcast(sort: "new" | "changed") {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (broadcast: Broadcast) =>
      sort === "new" ? broadcastCalls.create(broadcast) : broadcastCalls.change(broadcast),
    onSuccess: async (_, { broadcast_id }) => {
      await queryClient.invalidateQueries({ queryKey: ["broadcast", broadcast_id] });
      await queryClient.invalidateQueries({ queryKey: broadcastsQuery.queryKey });
    },
    onError: (error) => toastFailed(errorText(t, error)),
  });
}

export function useStep() {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: ({ id, step }: { id: string; step: Step }) => broadcastCalls.step(id, step),
    onSuccess: async (_, { id, step }) => {
      toastDone(t(`broadcasts.step_done.${step}`));
      await queryClient.invalidateQueries({ queryKey: ["broadcast", id] });
      await queryClient.invalidateQueries({ queryKey: broadcastsQuery.queryKey });
    },
    onError: (error) => toastFailed(errorText(t, error)),
  });
}
