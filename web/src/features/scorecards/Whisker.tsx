import { useTranslation } from "react-i18next";
import { useFormat } from "../../ui/FormatContext";
import type { Share } from "./api";
import classes from "./Scorecards.module.css";

/** A rate as a figure, and as a dot on the line of its interval; all of a column on one axis, that of all dealers drawn in. */
export function Whisker({ share, end, all }: { share: Share; end: number; all: number | null }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { count, of, rate, low, high } = share;
  if (rate === null) return <span className={classes.rate}>{t("ui.none")}</span>;
  const at = (value: number) => `${Math.min(100, (100 * value) / end)}%`;
  const told = t("scorecards.of", { count, of: format.integer(of), counted: format.integer(count) });
  const range =
    low !== null && high !== null ? t("scorecards.interval", { low: format.share(low), high: format.share(high) }) : "";
  return (
    <span className={classes.rate} title={[told, range].filter(Boolean).join(" · ")}>
      <span className="num">{format.share(rate)}</span>
      <span className={classes.axis} aria-hidden>
        {all !== null && <span className={classes.all} style={{ left: at(all) }} />}
        {low !== null && high !== null && (
          <span className={classes.line} style={{ left: at(low), width: `calc(${at(high)} - ${at(low)})` }} />
        )}
        <span className={classes.dot} style={{ left: at(rate) }} />
      </span>
      <span className={classes.spoken}>{range}</span>
    </span>
  );
}
