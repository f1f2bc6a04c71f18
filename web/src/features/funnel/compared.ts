import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { segmentsQuery } from "../../segment/queries";
import { EVERYBODY, PREVIOUS } from "./spec";

/** What the funnel is compared with, in words; `undefined` for nothing. */
export function useComparedName(versus: string | undefined): string | undefined {
  const { t } = useTranslation();
  const isSegment = versus !== undefined && versus !== PREVIOUS && versus !== EVERYBODY;
  const { data } = useQuery({ ...segmentsQuery, refetchInterval: false, enabled: isSegment });
  if (versus === undefined) return undefined;
  if (versus === PREVIOUS) return t("funnel.compare.previous");
  if (versus === EVERYBODY) return t("funnel.compare.everybody");
  return data?.segments.find(({ segment_id }) => segment_id === versus)?.name ?? versus;
}
