import {
  infiniteQueryOptions,
  keepPreviousData,
  queryOptions,
  skipToken,
  useMutation,
  useQueryClient,
} from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { segmentCalls, type Segment } from "../../segment/api";
import { segmentsQuery } from "../../segment/queries";
import type { Rule } from "../../segment/rule";
import { errorText } from "../../ui/errorText";
import { toastDone, toastFailed } from "../../ui/toast";

const COMPUTING_MS = 1_500;
const RESTING_MS = 30_000;

export const segmentQuery = (id: string) =>
  queryOptions({
    queryKey: ["segment", id],
    queryFn: () => segmentCalls.get(id),
    refetchInterval: ({ state }) => (state.data && state.data.state !== "live" ? COMPUTING_MS : RESTING_MS),
  });

/** * `version`: of the rule in force, so that a new one's people are asked for anew. */
export const membersQuery = (id: string, version: number) =>
  infiniteQueryOptions({
    queryKey: ["segment", id, "people", version],
    queryFn: ({ pageParam }) => segmentCalls.people(id, pageParam),
    initialPageParam: "",
    getNextPageParam: ({ next }) => next,
  });

export const previewQuery = (rule: Rule | null, tz: string) =>
  queryOptions({
    queryKey: ["segments", "preview", rule, tz],
    queryFn: rule ? ({ signal }) => segmentCalls.preview({ rule, tz }, signal) : skipToken,
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    retry: false,
  });

/** Makes a segment, or its next version. */
export function useSaveSegment(sort: "new" | "changed", onSaved: (segmentId: string) => void) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (segment: Segment) => (sort === "new" ? segmentCalls.create(segment) : segmentCalls.change(segment)),
    onSuccess: async (_, { segment_id }) => {
      toastDone(t("segments.saved"));
      await queryClient.invalidateQueries({ queryKey: ["segment", segment_id] });
      await queryClient.invalidateQueries({ queryKey: segmentsQuery.queryKey });
      onSaved(segment_id);
    },
    onError: (error) => toastFailed(errorText(t, error)),
  });
}

export function useRemoveSegment(onRemoved: () => void) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: segmentCalls.remove,
    onSuccess: async (_, id) => {
      toastDone(t("segments.removed"));
      onRemoved();
      queryClient.removeQueries({ queryKey: ["segment", id] });
      await queryClient.invalidateQueries({ queryKey: segmentsQuery.queryKey });
    },
    onError: (error) => toastFailed(errorText(t, error)),
  });
}
