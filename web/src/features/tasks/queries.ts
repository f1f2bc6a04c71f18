import { infiniteQueryOptions, keepPreviousData, useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { errorText } from "../../ui/errorText";
import { toastDone, toastFailed } from "../../ui/toast";
import { taskCalls, type Outcome, type TaskState } from "./api";

const LOOKED_AT_MS = 20_000;

export const tasksQuery = (state: TaskState) =>
  infiniteQueryOptions({
    queryKey: ["tasks", state],
    queryFn: ({ pageParam }) => taskCalls.list(state, pageParam),
    initialPageParam: "",
    getNextPageParam: ({ next }) => next,
    placeholderData: keepPreviousData,
    refetchInterval: LOOKED_AT_MS,
  });

export function useAnswer(taskId: string) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (answer: { outcome: Outcome; note: string }) => taskCalls.answer(taskId, answer),
    onSuccess: async () => {
      toastDone(t("tasks.answered"));
      await queryClient.invalidateQueries({ queryKey: ["tasks"] });
    },
    onError: (error) => toastFailed(errorText(t, error)),
  });
}
