import { Alert, Stack, Text } from "@mantine/core";
import { IconShieldCheck } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import { useFeatureName } from "../../lead/features";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { DRIFT_ALARM, type Version, type Watch } from "./api";
import classes from "./LeadScores.module.css";
import { Reliability } from "./Reliability";
import { driftOf, isOff } from "./watch";

/** Features that are worth a line. */
const SHOWN = 12;

/** One score: whether its probabilities hold, what it looks at, and what became of it since. */
export function VersionDetail({ version: { version, report, watch } }: { version: Version }) {
  const { t } = useTranslation();
  const format = useFormat();
  const nameOf = useFeatureName();
  const importance = driftOf(report.importance).slice(0, SHOWN);
  const most = Math.max(0.001, ...importance.map(({ index }) => index));
  const day = (us: number) => format.date(new Date(us / 1000).toISOString());
  const days = (count: number) => t("lead_scores.days", { count: Math.round(count), counted: format.integer(count) });
  const facts: [string, ReactNode][] = [
    [t("lead_scores.fact.span"), `${day(report.from_us)} – ${day(report.until_us)}`],
    [t("lead_scores.fact.leads"), `${format.integer(report.leads)} / ${format.integer(report.won)}`],
    [t("lead_scores.fact.horizon"), days(report.horizon_days)],
    [t("lead_scores.fact.too_young"), format.integer(report.too_young)],
    [t("lead_scores.fact.half_life"), days(report.half_life_days)],
    [t("lead_scores.fact.events"), report.events.map((event) => label("event", event)).join(", ") || t("ui.none")],
  ];
  return (
    <div className={classes.detail}>
      <Stack gap="md">
        <Card
          title={t("lead_scores.reliability", { version })}
          hint={
            report.forward
              ? t("lead_scores.forward_says", {
                  auc: format.fine(report.forward.figures.auc),
                  folds: format.fine(report.folds.auc),
                })
              : t("lead_scores.no_forward")
          }
        >
          <Reliability bins={report.reliability} label={t("lead_scores.reliability", { version })} />
        </Card>
        <Card title={t("lead_scores.fact.title")}>
          <Stack gap="sm">
            <dl className={classes.facts}>
              {facts.map(([name, value]) => (
                <div key={name} style={{ display: "contents" }}>
                  <dt>{name}</dt>
                  <dd className="num">{value}</dd>
                </div>
              ))}
            </dl>
            {report.findings.map(({ field, says }) => (
              <Alert key={field} color="orange" title={t("lead_scores.finding", { field })}>
                {says}
              </Alert>
            ))}
          </Stack>
        </Card>
      </Stack>
      <Stack gap="md">
        <Card title={t("lead_scores.importance")} hint={t("lead_scores.importance_hint")}>
          {importance.map(({ feature, index }) => (
            <Bar key={feature} name={nameOf(feature)} part={index / most} />
          ))}
        </Card>
        <Card title={t("lead_scores.watch.title")} hint={t("lead_scores.watch.hint")}>
          {watch ? <Watched watch={watch} /> : <Text size="sm">{t("lead_scores.watch.none")}</Text>}
        </Card>
      </Stack>
    </div>
  );
}

function Bar({
  name,
  part,
  value,
  isAlarm = false,
}: {
  name: string;
  part: number;
  value?: string;
  isAlarm?: boolean;
}) {
  return (
    <div className={classes.bar}>
      <span>{name}</span>
      <span className="num">{value}</span>
      <div className={classes.track}>
        <div data-alarm={isAlarm} style={{ width: `${Math.min(100, 100 * part)}%` }} />
      </div>
    </div>
  );
}

/** How a score does on leads that it had not seen. */
function Watched({ watch }: { watch: Watch }) {
  const { t } = useTranslation();
  const format = useFormat();
  const nameOf = useFeatureName();
  const { outcome } = watch;
  const drift = driftOf(watch.drift).slice(0, SHOWN);
  const looked = format.dateTime(new Date(watch.at_us / 1000).toISOString());
  return (
    <Stack gap="sm">
      <Text size="sm" c="dimmed">
        {t("lead_scores.watch.looked", {
          time: looked,
          count: watch.new_leads,
          counted: format.integer(watch.new_leads),
        })}
      </Text>
      {outcome ? (
        <>
          <Alert color={isOff(watch) ? "red" : "petrol"} icon={<IconShieldCheck size={18} />}>
            {t(isOff(watch) ? "lead_scores.watch.off" : "lead_scores.watch.holds", {
              won: format.integer(outcome.won),
              leads: format.integer(outcome.leads),
              foretold: format.decimal(outcome.foretold),
              auc: format.fine(outcome.figures.auc),
            })}
          </Alert>
          <Reliability bins={outcome.reliability} label={t("lead_scores.watch.title")} />
        </>
      ) : (
        <Text size="sm">{t("lead_scores.watch.too_little")}</Text>
      )}
      {0 < drift.length && (
        <div>
          <Text size="sm" fw={600}>
            {t("lead_scores.watch.drift")}
          </Text>
          {drift.map(({ feature, index }) => (
            <Bar
              key={feature}
              name={nameOf(feature)}
              value={format.decimal(index)}
              part={index / (2 * DRIFT_ALARM)}
              isAlarm={DRIFT_ALARM < index}
            />
          ))}
        </div>
      )}
    </Stack>
  );
}
