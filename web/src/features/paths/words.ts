import { useTranslation } from "react-i18next";
import type { PathElement, PathsSpec } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import type { Crowd } from "./queries";
import { elementName } from "./spec";

/** What places, levels and crowds of a report are called. */
export function useWords(spec: PathsSpec) {
  const { t } = useTranslation();
  const format = useFormat();
  const placeName = (element: PathElement | null) =>
    element === null ? t("paths.others") : elementName(element, spec.split);
  return {
    placeName,
    /** "Start", "Step 1"; before an end: "End", "1 step before". */
    levelName: (level: number) => {
      if (level === 0) return t(spec.end ? "paths.level.end" : "paths.level.start");
      return t(spec.end ? "paths.level.before" : "paths.level.after", { count: level, number: format.integer(level) });
    },
    crowdName: ({ at, ended, converted }: Crowd) => {
      const inTime = at.toSorted((a, b) => (spec.end ? b.level - a.level : a.level - b.level));
      const way = inTime.map(({ element }) => placeName(element)).join(" → ");
      if (at.length === 0) return t(converted ? "paths.people.all_converted" : "paths.people.all");
      if (ended) return t(converted ? "paths.people.whole_converted" : "paths.people.whole", { way });
      return t(converted ? "paths.people.converted" : "paths.people.through", { way });
    },
  };
}
