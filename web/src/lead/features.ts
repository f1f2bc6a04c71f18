import { useTranslation } from "react-i18next";
import { humanise, label } from "../api/labels";

/** Of an event's name: how often it happened, and how long ago. */
const OF_EVENT = { "times:": "lead_feature.times_of", "days_since:": "lead_feature.days_since_of" } as const;
const OWN = [
  "warmth",
  "times",
  "days_since",
  "age_days",
  "hour",
  "weekday",
  "has_phone",
  "has_email",
  "has_trade_in",
  "has_comments",
  "has_preferred_dealer",
  "channel",
  "utm_source",
  "campaign",
  "model",
  "region",
] as const;

/** What a learned score calls something, in the reader's words. */
export function useFeatureName() {
  const { t } = useTranslation();
  return (feature: string) => {
    const own = OWN.find((known) => known === feature);
    if (own) return t(`lead_feature.${own}`);
    for (const [prefix, words] of Object.entries(OF_EVENT))
      if (feature.startsWith(prefix)) return t(words, { event: label("event", feature.slice(prefix.length)) });
    return humanise(feature);
  };
}
