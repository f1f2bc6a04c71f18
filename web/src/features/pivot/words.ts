import type { TFunction } from "i18next";
import { label } from "../../api/labels";
import type { PivotReport } from "../../api/types";
import type { Format } from "../../ui/format";
import { CONVERSION_MEASURES, DIMENSIONS, MEASURES } from "./spec";

type Measure = PivotReport["measures"][number];

/** A dimension's name. */
export function dimensionName(t: TFunction, name: string): string {
  // A segment narrows what is counted, and is no column of it.
  if (name === "segment") return t("report.segment");
  const known = DIMENSIONS.find((dimension) => dimension === name);
  return known ? t(`dimension.${known}`) : name;
}

/** A value of a dimension in the reader's words. */
export function valueName(t: TFunction, format: Format, dimension: string, value: string | null): string {
  if (value === null) return t("pivot.no_value");
  switch (dimension) {
    case "channel":
      return label("channel", value);
    case "event":
      return label("event", value);
    case "day":
      return format.day(value);
    case "week":
      return t("pivot.week_of", { day: format.day(value) });
    case "month":
      return monthName(format.language, value);
    default:
      return value;
  }
}

function monthName(language: string, month: string): string {
  const date = new Date(`${month}-01T00:00:00Z`);
  if (Number.isNaN(date.getTime())) return month;
  return new Intl.DateTimeFormat(language, { timeZone: "UTC", month: "short", year: "numeric" }).format(date);
}

/** A measure's name; those of a conversion are named after it. */
export function measureName(t: TFunction, measure: string, title: string | null): string {
  const known = MEASURES.find((each) => each === measure);
  if (known) return t(`pivot.metric.${known}`);
  const [kind, id] = measure.split(":");
  const ofConversion = CONVERSION_MEASURES.find((each) => each === kind);
  return ofConversion ? t(`pivot.metric.${ofConversion}`, { name: title ?? id }) : measure;
}

/** A measure's number as it is read in a table. */
export function figure(format: Format, measure: Measure, value: number, currency: string): string {
  // Of a return of thousands of per cent nobody reads the tenths.
  if (measure.unit === "share")
    return Math.abs(value) < 10 ? format.share(value) : format.percent(Math.round(value * 100) / 100);
  if (measure.unit === "count") return format.integer(value);
  // A click costs cents, a car tens of thousands.
  return Math.abs(value) < 100 && !Number.isInteger(value)
    ? format.moneyExact(value, currency)
    : format.money(value, currency);
}
