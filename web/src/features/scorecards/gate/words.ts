import { useTranslation } from "react-i18next";
import { useFormat } from "../../../ui/FormatContext";

type Told = { reason: string; figures: Record<string, number> };

/** Why a gate stands as it does, as a sentence with its figures. */
export function useReason(currency: string) {
  const { t } = useTranslation();
  const format = useFormat();
  return ({ reason, figures }: Told): string => {
    const percent = (name: string) => format.share((figures[name] ?? 0) / 100);
    const isOfQuality = figures["leads"] !== undefined;
    const answered = t("ad_gate.figures.quality", {
      count: figures["days"] ?? 0,
      percent: percent("percent"),
      high: percent("high"),
      leads: format.integer(figures["leads"] ?? 0),
      days: format.integer(figures["days"] ?? 0),
    });
    const paid = t("ad_gate.figures.drr", {
      count: figures["days"] ?? 0,
      cost: format.money(figures["cost"] ?? 0, currency),
      sales: format.integer(figures["sales"] ?? 0),
      low: percent("low"),
      days: format.integer(figures["days"] ?? 0),
    });
    const known = [
      "new",
      "quality_low",
      "drr_high",
      "stay_over",
      "probe_good",
      "probe_bad",
      "by_hand",
      "unpinned",
    ] as const;
    const word = known.find((each) => each === reason) ?? "new";
    const has = Object.keys(figures).length > 0;
    return [t(`ad_gate.reason.${word}`), has ? (isOfQuality ? answered : paid) : ""].filter(Boolean).join(" ");
  };
}
