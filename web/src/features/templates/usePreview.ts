import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { previewQuery, type Preview, type Trial } from "../../message/template";
import { useSettled } from "../../report/useSettled";

export type PreviewState = {
  /** The latest answer, whatever it says. */
  shown: Preview | null;
  /** The latest answer that could be rendered. */
  good: Preview | null;
  isWaiting: boolean;
  /** Why there is no answer. */
  failure: unknown;
  again: () => void;
};

/** What a person would get, asked anew whenever the text rests; the last good answer stays until there is another. */
export function usePreview(trial: Trial): PreviewState {
  const settled = useSettled(trial);
  const { content, message_channel } = settled;
  const isEmpty = (message_channel === "email" ? content.body : content.text).trim() === "";
  const query = useQuery({ ...previewQuery(settled), enabled: !isEmpty });
  const [good, setGood] = useState<Preview | null>(null);
  const answer = isEmpty ? null : (query.data ?? null);
  if (answer && !answer.error && answer !== good) setGood(answer);
  return {
    shown: answer,
    good: isEmpty ? null : good,
    isWaiting: query.isFetching || JSON.stringify(settled) !== JSON.stringify(trial),
    failure: isEmpty ? null : query.error,
    again: () => void query.refetch(),
  };
}
