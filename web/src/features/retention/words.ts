import { useTranslation } from "react-i18next";
import { useFormat } from "../../ui/FormatContext";

/** What cohorts and periods are called. */
export function useWords(grain: string | null | undefined) {
  const { t } = useTranslation();
  const format = useFormat();
  const unit = grain === "day" || grain === "month" ? grain : "week";
  return {
    cohortName: (start: string) => (unit === "month" ? format.month(start) : format.day(start)),
    /** "Week 3"; the cohort's own is "The same week". */
    periodName: (period: number) =>
      period === 0 ? t(`retention.same.${unit}`) : t(`retention.period.${unit}`, { number: period }),
  };
}
