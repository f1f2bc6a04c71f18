import { useTranslation } from "react-i18next";
import type { FlowStage } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import classes from "./Flow.module.css";

/** A share and its interval below it. */
export function Share({ of }: { of: FlowStage["within"] }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (!of) return t("ui.none");
  return (
    <>
      <b>{format.share(of.share)}</b>
      {of.low !== null && of.high !== null && (
        <span className={classes.interval}>
          {t("flow.interval", { low: format.share(of.low), high: format.share(of.high) })}
        </span>
      )}
    </>
  );
}

/** Within what time a share of all moves on, and its interval below it. */
export function Quantile({ of, share }: { of: FlowStage["quantiles"]; share: number }) {
  const { t } = useTranslation();
  const format = useFormat();
  const found = of.find((each) => each.share === share);
  if (!found) return t("ui.none");
  const time = (seconds: number | null) => (seconds === null ? t("flow.open") : format.duration(seconds));
  return (
    <>
      {found.after_s === null ? t("flow.not_yet") : format.duration(found.after_s)}
      {found.low_s !== null && (
        <span className={classes.interval}>
          {t("flow.interval", { low: time(found.low_s), high: time(found.high_s) })}
        </span>
      )}
    </>
  );
}
