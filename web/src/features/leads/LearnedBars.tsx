import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import type { LearnedWhy } from "../../api/leads";
import { useFeatureName } from "../../lead/features";
import { useFormat } from "../../ui/FormatContext";
import classes from "./Lead.module.css";

/** Less than that in log-odds is not worth a line. */
const WORTH_TELLING = 0.02;

/** Why a learned score is what it is: a bar a feature, to the left where it speaks against. */
export function LearnedBars({ why }: { why: LearnedWhy }) {
  const { t } = useTranslation();
  const format = useFormat();
  const nameOf = useFeatureName();
  const told = why.parts.filter(({ part }) => WORTH_TELLING <= Math.abs(part));
  const others = why.rest + why.parts.filter((part) => !told.includes(part)).reduce((sum, { part }) => sum + part, 0);
  const bars = [
    ...told.map(({ feature, value, part }) => ({
      name: nameOf(feature),
      value: valueOf(feature, value) || t("leads.learned.never"),
      part,
    })),
    ...(WORTH_TELLING <= Math.abs(others) ? [{ name: t("leads.learned.rest"), value: "", part: others }] : []),
  ];
  const below = Math.max(0, ...bars.map(({ part }) => -part));
  const above = Math.max(0, ...bars.map(({ part }) => part));
  const width = Math.max(0.01, below + above);
  const zero = (100 * below) / width;
  return (
    <>
      <Text size="sm" mb={6}>
        {t("leads.learned.says", { probability: format.share(why.probability), version: why.version })}
      </Text>
      {bars.map(({ name, value, part }, at) => {
        const length = (100 * Math.abs(part)) / width;
        return (
          <div key={at} className={classes.point}>
            <span>
              {name}
              {value && <span className={classes.known}>{value}</span>}
            </span>
            <span className="num">{t(part < 0 ? "leads.learned.against" : "leads.learned.for")}</span>
            <div className={classes.pointTrack}>
              <div
                data-sign={part < 0 ? "minus" : "plus"}
                style={{ left: `${part < 0 ? zero - length : zero}%`, width: `${length}%` }}
              />
            </div>
          </div>
        );
      })}
    </>
  );
}

const YES_NO = ["has_phone", "has_email", "has_trade_in", "has_comments", "has_preferred_dealer"];

/** What the lead has of a feature; nothing where the name says it all. */
function valueOf(feature: string, value: string) {
  if (feature === "channel" && value) return label("channel", value);
  if (YES_NO.includes(feature)) return value === "1" ? "✓" : "✗";
  // How long ago what never was: an empty text, and the reader's word for it.
  return feature.startsWith("days_since") ? value : value || "—";
}
