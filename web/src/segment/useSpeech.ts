import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { may } from "../api/permissions";
import { useMe } from "../api/session";
import { useFormat } from "../ui/FormatContext";
import { segmentsQuery } from "./queries";
import type { Speech } from "./sentence";

/** With what rules are read aloud to this reader. */
export function useSpeech(): Speech {
  const { t } = useTranslation();
  const format = useFormat();
  const mayAsk = may(useMe().role, "see_reports");
  const { data } = useQuery({ ...segmentsQuery, refetchInterval: false, enabled: mayAsk });
  return useMemo(() => {
    const names = new Map(data?.segments.map(({ segment_id, name }) => [segment_id, name]));
    return {
      t,
      number: format.decimal,
      day: format.date,
      segment: (segmentId) => names.get(segmentId) ?? segmentId,
    };
  }, [t, format, data]);
}
