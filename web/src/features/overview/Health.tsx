import { Group, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Overview } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { MiniBars } from "../../ui/Sparkline";
import classes from "./Overview.module.css";

const LAG_FINE_MS = 2_000;
const LAG_SLOW_MS = 60_000;

/** How old the figures are and how events come in, in plain words. */
export function Health({
  freshness,
  ingest,
  asOf,
}: {
  freshness: Overview["freshness"];
  ingest: Overview["ingest"];
  asOf: string;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const behind = Math.max(0, freshness.log_offset - freshness.folded_offset);
  const lastHour = ingest.per_minute.reduce((sum, minute) => sum + minute.accepted, 0);
  const refusedShare = ingest.refused_24h / Math.max(1, ingest.accepted_24h + ingest.refused_24h);

  return (
    <Card title={t("overview.health.title")} hint={t("overview.health.as_of", { time: format.timeSeconds(asOf) })}>
      <div className={classes.health}>
        <Fact tone={tone(freshness.lag_ms)} title={t("overview.health.profiles")}>
          {behind === 0
            ? t("overview.health.caught_up")
            : t("overview.health.behind", {
                count: behind,
                events: format.integer(behind),
                time: format.duration(freshness.lag_ms / 1000),
              })}
        </Fact>
        <Fact tone={tone(freshness.lake_age_ms / 3)} title={t("overview.health.reports")}>
          {freshness.lake_age_ms < 1000
            ? t("overview.health.reports_current")
            : t("overview.health.reports_age", { time: format.duration(freshness.lake_age_ms / 1000) })}
        </Fact>
        <Fact tone={0.01 < refusedShare ? "slow" : "fine"} title={t("overview.health.day")}>
          {t("overview.health.accepted", { count: ingest.accepted_24h, events: format.integer(ingest.accepted_24h) })}
          <br />
          {t("overview.health.refused", { count: ingest.refused_24h, events: format.integer(ingest.refused_24h) })}
          {", "}
          {t("overview.health.duplicates", {
            count: ingest.duplicates_24h,
            events: format.integer(ingest.duplicates_24h),
          })}
        </Fact>
        <div>
          <Text size="xs" c="dimmed" fw={500} mb={6}>
            {t("overview.health.last_hour", { count: lastHour, events: format.integer(lastHour) })}
          </Text>
          <MiniBars
            values={ingest.per_minute.map(({ accepted }) => accepted)}
            bad={ingest.per_minute.map(({ refused }) => refused)}
            label={t("overview.health.last_hour", { count: lastHour, events: format.integer(lastHour) })}
          />
        </div>
      </div>
    </Card>
  );
}

type Tone = "fine" | "slow" | "stuck";

const COLORS: Record<Tone, string> = { fine: "#2b9f62", slow: "#e08e1f", stuck: "#cf4a3c" };

function tone(lagMs: number): Tone {
  if (lagMs < LAG_FINE_MS) return "fine";
  return lagMs < LAG_SLOW_MS ? "slow" : "stuck";
}

function Fact({ tone, title, children }: { tone: Tone; title: string; children: ReactNode }) {
  return (
    <div>
      <Group gap={7} mb={2} wrap="nowrap">
        <span className={classes.dot} style={{ background: COLORS[tone] }} aria-hidden />
        <Text size="sm" fw={600}>
          {title}
        </Text>
      </Group>
      <Text size="sm" c="dimmed" component="div">
        {children}
      </Text>
    </div>
  );
}
