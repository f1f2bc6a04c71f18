import { Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import { segmentsQuery } from "../../segment/queries";
import { EVERYBODY, PREVIOUS } from "./spec";

/** What the funnel stands beside: the time before, everybody, or a segment. */
export function ComparePicker({
  value,
  onChange,
}: {
  value: string | undefined;
  onChange: (versus: string | undefined) => void;
}) {
  const { t } = useTranslation();
  // Who is in a segment goes by what all dealers know: one dealer is shown none.
  const { data } = useQuery({ ...segmentsQuery, refetchInterval: false, enabled: may(useMe().role, "see_reports") });
  const segments = (data?.segments ?? []).map(({ segment_id, name, state, is_changing }) => ({
    value: segment_id,
    label: name,
    disabled: state !== "live" && !is_changing,
  }));
  const own = [
    { value: PREVIOUS, label: t("funnel.compare.previous") },
    { value: EVERYBODY, label: t("funnel.compare.everybody") },
  ];
  const isKnown = [...own, ...segments].some((known) => known.value === value);
  return (
    <Select
      size="xs"
      clearable
      searchable
      label={t("funnel.compare.title")}
      placeholder={t("funnel.compare.nothing")}
      nothingFoundMessage={t("report.no_segment")}
      data={[...own, ...segments, ...(value && !isKnown ? [{ value, label: value }] : [])]}
      value={value ?? null}
      onChange={(versus) => onChange(versus ?? undefined)}
    />
  );
}
