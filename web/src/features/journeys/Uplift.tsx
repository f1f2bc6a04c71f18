import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useFormat } from "../../ui/FormatContext";
import type { Report } from "./api";
import classes from "./Journeys.module.css";

/** By how much more of those who went through it reach the goal than of those who were held out, and how sure that is. */
export function Uplift({ report: { uplift, uplift_low: low, uplift_high: high, held_out } }: { report: Report }) {
  const { t } = useTranslation();
  const format = useFormat();
  const points = (share: number) =>
    t("journeys.report.points", {
      value: `${0 < share ? "+" : share < 0 ? "−" : ""}${format.decimal(Math.round(Math.abs(share) * 1000) / 10)}`,
    });
  return (
    <section style={{ marginTop: 20 }} aria-label={t("journeys.report.uplift")}>
      <Text size="sm" fw={600}>
        {t("journeys.report.uplift")}
      </Text>
      {uplift === null || low === null || high === null ? (
        <Text size="sm" c="dimmed">
          {t(held_out === 0 ? "journeys.report.uplift_none" : "journeys.report.uplift_unsure")}
        </Text>
      ) : (
        <>
          <Text
            size="xl"
            fw={650}
            className="num"
            c={0 < low ? "var(--fc-good)" : high < 0 ? "var(--fc-bad)" : undefined}
          >
            {points(uplift)}
          </Text>
          <Text size="xs" c="dimmed" className="num">
            {t("journeys.report.uplift_interval", { low: points(low), high: points(high) })}
          </Text>
          <Bar mean={uplift} low={low} high={high} />
          {low <= 0 && 0 <= high && (
            <Text size="xs" c="dimmed">
              {t("journeys.report.uplift_unsure")}
            </Text>
          )}
        </>
      )}
    </section>
  );
}

/** The interval on a line on which nothing is marked; the figures are written above it. */
function Bar({ mean, low, high }: { mean: number; low: number; high: number }) {
  const most = 1.15 * Math.max(Math.abs(low), Math.abs(high), 0.001);
  const at = (share: number) => 50 + (50 * share) / most;
  return (
    <div className={classes.uplift} aria-hidden>
      <span className={classes.range} style={{ left: `${at(low)}%`, width: `${at(high) - at(low)}%` }} />
      <span className={classes.zero} style={{ left: "50%" }} />
      <span className={classes.mean} style={{ left: `${at(mean)}%` }} />
    </div>
  );
}
