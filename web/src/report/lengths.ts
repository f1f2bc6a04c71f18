import { useTranslation } from "react-i18next";

const UNITS = { m: "report.minutes", h: "report.hours", d: "report.days" } as const;
const LENGTH = /^[1-9]\d{0,4}[mhd]$/;

/** Reads a length of time such as `30d` from a URL. */
export function readLength(value: unknown): string | undefined {
  return typeof value === "string" && LENGTH.test(value) ? value : undefined;
}

/** Lengths of time to choose from, the chosen one among them. */
export function useLengths(offered: readonly string[], chosen: string | undefined) {
  const { t } = useTranslation();
  const lengths = chosen === undefined || offered.includes(chosen) ? offered : [chosen, ...offered];
  const text = (length: string) => {
    const unit = length.endsWith("m") ? "m" : length.endsWith("h") ? "h" : "d";
    return t(UNITS[unit], { count: Number.parseInt(length, 10) });
  };
  return lengths.map((value) => ({ value, label: text(value) }));
}
