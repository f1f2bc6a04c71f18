import { useTranslation } from "react-i18next";
import { useFormat } from "../ui/FormatContext";
import classes from "./Score.module.css";

const HIGH = 70;
const MIDDLE = 40;

/** A lead's score and the band that it is in. */
export function Score({ score, band }: { score: number; band: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const level = HIGH <= score ? "high" : MIDDLE <= score ? "middle" : "low";
  return (
    <span className={classes.score} title={t("lead.score_of", { score: format.integer(score), band })}>
      <b className="num">{format.integer(score)}</b>
      <span className={classes.band} data-level={level}>
        {band}
      </span>
    </span>
  );
}
