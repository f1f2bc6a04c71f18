import { useTranslation } from "react-i18next";
import { valueName } from "../../report/eventFilter";
import { useFormat } from "../../ui/FormatContext";

/** What groups and classes of waiting times are called. */
export function useWords(ages_s: number[], dimensions: readonly string[]) {
  const { t } = useTranslation();
  const format = useFormat();
  return {
    /** "Up to 3 days", "3 days to 7 days", "Over 90 days". */
    ageName: (at: number) => {
      const [begin, end] = [ages_s[at - 1], ages_s[at]];
      if (begin === undefined) return t("flow.age.first", { end: format.duration(end ?? 0) });
      if (end === undefined) return t("flow.age.last", { begin: format.duration(begin) });
      return t("flow.age.between", { begin: format.duration(begin), end: format.duration(end) });
    },
    groupName: (by: { [dimension: string]: string | null }) =>
      dimensions.map((name) => valueName(name, by[name]) ?? t("report.no_value")).join(" · "),
  };
}
