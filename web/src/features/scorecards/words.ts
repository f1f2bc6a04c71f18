import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import { LEAD_STAGES, QUEUES } from "../../api/leads";
import { useFormat } from "../../ui/FormatContext";
import type { DeskReport } from "./api";

const BAND = "band:";

/** A place of the flow in words: a stage, or a queue. */
export function usePlaceName() {
  const { t } = useTranslation();
  return (name: string) => {
    const stage = LEAD_STAGES.find((known) => known === name);
    if (stage) return t(`stage.${stage}`);
    const queue = QUEUES.find((known) => known === name);
    if (queue) return t(`lead.queue.${queue}`);
    // Bands have the names that people gave them.
    return name.startsWith(BAND) ? name.slice(BAND.length) : label("lead_word", name);
  };
}

/** How long until the first contact, class by class. */
export function useAnswerName(answers: DeskReport["by_answer"]): string[] {
  const { t } = useTranslation();
  const format = useFormat();
  return answers.map(({ minutes_to }, at) => {
    if (minutes_to === null) return t("scorecards.answer.never");
    const end = format.duration(minutes_to * 60);
    const before = answers[at - 1]?.minutes_to;
    return before === undefined || before === null
      ? t("scorecards.answer.first", { end })
      : t("scorecards.answer.between", { begin: format.duration(before * 60), end });
  });
}
