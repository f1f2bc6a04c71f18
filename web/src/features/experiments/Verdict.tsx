import { Alert, Progress, Text, UnstyledButton } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { ExperimentReport, ExperimentVariant } from "../../api/types";
import sheet from "../../report/Report.module.css";
import { useDifference } from "../../report/useDifference";
import { useFormat } from "../../ui/FormatContext";
import classes from "./Experiments.module.css";
import type { Crowd } from "./queries";
import type { Measure } from "./spec";

/** What can be said, in a sentence; how far the experiment is; and what makes it doubtful. */
export function Verdict({
  report,
  measure,
  onCrowd,
}: {
  report: ExperimentReport;
  measure: Measure;
  onCrowd: (crowd: Crowd) => void;
}) {
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
        <Sentence report={report} measure={measure} />
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

function Sentence({ report: { variants, confidence }, measure }: { report: ExperimentReport; measure: Measure }) {
  const { t } = useTranslation();
  const format = useFormat();
  const differenceOf = useDifference(measure === "people");
  const [control] = variants;
  const told = strongest(variants);
  if (!control || !told?.comparison) return <>{t("experiments.says.one")}</>;
  const { verdict } = told.comparison;
  if (verdict === "too_early") return <>{t("experiments.says.too_early")}</>;
  const { value, low, high } = differenceOf(told.comparison);
  const names = { variant: told.name, control: control.name };
  return (
    <>{t(`experiments.says.${verdict}`, { ...names, uplift: value, low, high, sure: format.percent(confidence) })}</>
  );
}

/** The variant of which most can be said: whose difference is surest. */
function strongest(variants: ExperimentVariant[]): ExperimentVariant | undefined {
  const others = variants.slice(1);
  const sure = others.filter(({ comparison }) => comparison?.verdict !== "too_early");
  return (0 < sure.length ? sure : others).toSorted((a, b) => (a.comparison?.p ?? 1) - (b.comparison?.p ?? 1))[0];
}
