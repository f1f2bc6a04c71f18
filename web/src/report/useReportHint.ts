import { useTranslation } from "react-i18next";
import { useFormat } from "../ui/FormatContext";

interface Answered {
  as_of: string;
  elapsed_ms: number;
  rows_scanned: number | null;
  tz?: string;
}

/** How fresh a report is and what it took, as a line below its title. */
export function useReportHint({ as_of, elapsed_ms, rows_scanned, tz }: Answered) {
  const { t } = useTranslation();
  const format = useFormat();
  const parts = [
    t("report.as_of", { time: format.dateTime(as_of) }),
    t("report.took", { time: format.integer(elapsed_ms) }),
    tz && t("report.in_zone", { zone: tz }),
    rows_scanned && t("report.scanned", { count: rows_scanned, rows: format.compact(rows_scanned) }),
  ];
  return parts.filter(Boolean).join(" · ");
}
