import { useTranslation } from "react-i18next";
import type { Part } from "../../api/leads";
import { useFormat } from "../../ui/FormatContext";
import classes from "./Lead.module.css";

/** What a score is made of: a bar a rule, to the left where it takes away. */
export function PointBars({ points, score }: { points: Part[]; score: number }) {
  const { t } = useTranslation();
  const format = useFormat();
  const below = Math.max(0, ...points.map((part) => -part.points));
  const above = Math.max(0, ...points.map((part) => part.points));
  const width = Math.max(1, below + above);
  const zero = (100 * below) / width;
  return (
    <>
      {points.map(({ says, points: count }, at) => {
        const length = (100 * Math.abs(count)) / width;
        return (
          <div key={at} className={classes.point}>
            <span>{says}</span>
            <span className="num">{format.signed(count)}</span>
            <div className={classes.pointTrack}>
              <div
                data-sign={count < 0 ? "minus" : "plus"}
                style={{ left: `${count < 0 ? zero - length : zero}%`, width: `${length}%` }}
              />
            </div>
          </div>
        );
      })}
      <div className={classes.sum}>
        <span>{t("leads.points.sum")}</span>
        <span className="num">{format.integer(score)}</span>
      </div>
    </>
  );
}
