import { Select } from "@mantine/core";
import { IconUsersGroup } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { may } from "../api/permissions";
import { useMe } from "../api/session";
import { segmentsQuery } from "../segment/queries";

/** Whom a report is about: everybody, or those of one segment. Where there is no segment there is nothing to pick. */
export function SegmentPicker({
  value,
  shape = "field",
  onChange,
}: {
  value: string | undefined;
  /** `inline`: among other fields that have no label above them. */
  shape?: "field" | "inline";
  onChange: (segmentId: string | undefined) => void;
}) {
  const { t } = useTranslation();
  // Who is in a segment goes by what all dealers know: one dealer is shown none.
  const isShown = may(useMe().role, "see_reports");
  const { data } = useQuery({ ...segmentsQuery, refetchInterval: false, enabled: isShown });
  const segments = data?.segments ?? [];
  if (!isShown || (segments.length === 0 && !value)) return null;
  const isKnown = segments.some(({ segment_id }) => segment_id === value);
  return (
    <Select
      size="xs"
      clearable
      searchable
      label={shape === "field" ? t("report.segment") : undefined}
      aria-label={shape === "inline" ? t("report.segment") : undefined}
      leftSection={shape === "inline" ? <IconUsersGroup size={14} aria-hidden /> : undefined}
      w={shape === "inline" ? 220 : undefined}
      placeholder={t("report.segment_all")}
      nothingFoundMessage={t("report.no_segment")}
      data={[
        ...segments.map(({ segment_id, name, state, is_changing }) => ({
          value: segment_id,
          label: name,
          // A segment that was never computed has nobody in it yet.
          disabled: state !== "live" && !is_changing,
        })),
        ...(value && !isKnown ? [{ value, label: value }] : []),
      ]}
      value={value ?? null}
      onChange={(segmentId) => onChange(segmentId ?? undefined)}
    />
  );
}
