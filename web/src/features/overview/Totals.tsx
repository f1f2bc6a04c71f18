import { UnstyledButton } from "@mantine/core";
import { IconArrowDownRight, IconArrowUpRight, IconMinus } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Overview } from "../../api/types";
import { changeShare, type Format } from "../../ui/format";
import { useFormat } from "../../ui/FormatContext";
import { Sparkline } from "../../ui/Sparkline";
import classes from "./Overview.module.css";
import { METRICS, type Metric } from "./search";

/** The five figures of the period, each with its trend; choosing one shows it in the chart below. */
export function Totals({
  overview,
  metric,
  onMetric,
}: {
  overview: Overview;
  metric: Metric;
  onMetric: (metric: Metric) => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const { totals, days } = overview;
  return (
    <div className={classes.totals}>
      {METRICS.map((name) => (
        <UnstyledButton
          key={name}
          className={classes.total}
          aria-pressed={metric === name}
          onClick={() => onMetric(name)}
        >
          <span className={classes.name}>{t(`overview.metric.${name}`)}</span>
          <span className={classes.value}>{metricText(format, name, totals[name], totals.currency)}</span>
          <Change now={totals[name]} before={totals.previous[name]} />
          <span className={classes.spark}>
            <Sparkline values={days.map((day) => day[name])} />
          </span>
        </UnstyledButton>
      ))}
    </div>
  );
}

function Change({ now, before }: { now: number; before: number }) {
  const { t } = useTranslation();
  const format = useFormat();
  const share = changeShare(now, before);
  if (share === null)
    return (
      <span className={classes.change} style={{ color: "var(--mantine-color-dimmed)" }}>
        {t("overview.no_previous")}
      </span>
    );
  const rounded = Math.round(share * 1000);
  const Arrow = rounded === 0 ? IconMinus : 0 < rounded ? IconArrowUpRight : IconArrowDownRight;
  const color = rounded === 0 ? "var(--mantine-color-dimmed)" : 0 < rounded ? "var(--fc-good)" : "var(--fc-bad)";
  return (
    <span className={classes.change} style={{ color }} title={t("overview.against_previous")}>
      <Arrow size={15} aria-hidden />
      {format.change(share)}
    </span>
  );
}

export function metricText(format: Format, metric: Metric, value: number, currency: string): string {
  if (metric === "revenue") return format.moneyCompact(value, currency);
  return value < 100_000 ? format.integer(value) : format.compact(value);
}
