import type { TFunction } from "i18next";
import type { AttributionCredit, AttributionReport } from "../../api/types";
import { valueName } from "../../report/eventFilter";
import type { Format } from "../../ui/format";
import type { Key } from "./queries";
import type { Figure } from "./spec";

/** What a row is called: its values, one after the other. */
export function keyName(t: TFunction, dimensions: string[], key: Key): string {
  return dimensions.map((name) => valueName(name, key[name]) ?? t("report.no_value")).join(" · ");
}

export function figureOf(credit: AttributionCredit, figure: Figure): number | null {
  return credit[figure];
}

/** A figure as it is read: parts of conversions, money, shares. */
export function figureText(format: Format, report: AttributionReport, figure: Figure, value: number): string {
  if (figure === "conversions") return format.decimal(Math.round(value * 10) / 10);
  if (figure === "romi" || figure === "drr") return format.percent(value);
  return format.money(value, report.currency);
}
