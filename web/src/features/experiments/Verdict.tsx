import { Alert, Progress, Text, UnstyledButton } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { ExperimentReport, ExperimentVariant } from "../../api/types";
import sheet from "../../report/Report.module.css";
import { useFormat } from "../../ui/FormatContext";
import classes from "./Experiments.module.css";
import type { Crowd } from "./queries";

/** What can be said, in a sentence; how far the experiment is; and what makes it doubtful. */
export function Verdict({ report, onCrowd }: { report: ExperimentReport; onCrowd: (crowd: Crowd) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const done = report.people / report.planned_people;
  const notes = [
    0 < report.unfinished &&
      t("experiments.note.unfinished", { count: report.unfinished, people: format.integer(report.unfinished) }),
    0 < report.nameless &&
      t("experiments.note.nameless", { count: report.nameless, exposures: format.integer(report.nameless) }),
  ].filter((note) => note !== false);
  return (
    <>
      {report.shares_off && (
        <Alert
          mb="sm"
          color="orange"
          icon={<IconAlertTriangle size={18} aria-hidden />}
          title={t("experiments.shares_off.title")}
        >
          {t("experiments.shares_off.text", {
            shares: report.variants
              .map(({ name, people, share }) =>
                t("experiments.shares_off.one", {
                  variant: name,
                  share: format.percent(people / report.people),
                  meant: format.percent(share),
                }),
              )
              .join(", "),
          })}
        </Alert>
      )}
      <div className={classes.verdict} role="status">
        <Sentence report={report} />
      </div>
      <Text size="sm" c="dimmed" mt={12} mb={6}>
        {t("experiments.progress", {
          count: report.people,
          people: format.integer(report.people),
          planned: format.integer(report.planned_people),
          share: format.percent(Math.min(1, done)),
        })}
      </Text>
      <Progress value={100 * Math.min(1, done)} size="sm" aria-label={t("experiments.progress_label")} />
      {(0 < notes.length || 0 < report.mixed) && (
        <ul className={classes.notes}>
          {0 < report.mixed && (
            <li>
              <UnstyledButton className={sheet.figure} onClick={() => onCrowd({ variant: null, outcome: "exposed" })}>
                {t("experiments.note.mixed", { count: report.mixed, people: format.integer(report.mixed) })}
              </UnstyledButton>{" "}
              {t("experiments.note.mixed_why")}
            </li>
          )}
          {notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
    </>
  );
}

function Sentence({ report: { variants, confidence } }: { report: ExperimentReport }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [control] = variants;
  const told = strongest(variants);
  if (!control || !told?.comparison) return <>{t("experiments.says.one")}</>;
  const { uplift, verdict } = told.comparison;
  if (verdict === "too_early") return <>{t("experiments.says.too_early")}</>;
  const values = {
    variant: told.name,
    control: control.name,
    uplift: uplift ? format.change(uplift.value) : "",
    low: uplift ? format.change(uplift.low) : "",
    high: uplift ? format.change(uplift.high) : "",
    sure: format.percent(confidence),
  };
  return <>{t(`experiments.says.${verdict}`, values)}</>;
}

/** The variant of which most can be said: whose difference is surest. */
function strongest(variants: ExperimentVariant[]): ExperimentVariant | undefined {
  const others = variants.slice(1);
  const sure = others.filter(({ comparison }) => comparison?.verdict !== "too_early");
  return (0 < sure.length ? sure : others).toSorted((a, b) => (a.comparison?.p ?? 1) - (b.comparison?.p ?? 1))[0];
}
