import { Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { segmentsQuery } from "../segment/queries";

/** Whom a report is about: everybody, or those of one segment. Where there is no segment there is nothing to pick. */
export function SegmentPicker({
  value,
  onChange,
}: {
  value: string | undefined;
  onChange: (segmentId: string | undefined) => void;
}) {
  const { t } = useTranslation();
  const { data } = useQuery({ ...segmentsQuery, refetchInterval: false });
  const segments = data?.segments ?? [];
  if (segments.length === 0 && !value) return null;
  const isKnown = segments.some(({ segment_id }) => segment_id === value);
  return (
    <Select
      size="xs"
      clearable
      searchable
      label={t("report.segment")}
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

/** Reads a segment from a URL. */
export function readSegment(given: unknown): string | undefined {
  // An id of digits alone has been read as a number.
  const text = typeof given === "number" ? String(given) : given;
  return typeof text === "string" && /^[a-z0-9_-]{1,64}$/.test(text) ? text : undefined;
}
