import { Alert } from "@mantine/core";
import { IconAlertTriangle, IconInfoCircle } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import type { PivotReport } from "../../api/types";
import type { Format } from "../../ui/format";
import { useFormat } from "../../ui/FormatContext";
import classes from "./Pivot.module.css";
import { dimensionName, measureName } from "./words";

type Warning = PivotReport["warnings"][number];

/** What a reader has to know of the numbers: what is missing is loud, what cannot be told is quiet. */
export function Warnings({ report }: { report: PivotReport }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { role } = useMe();
  const rates = report.warnings.filter((warning) => warning.kind === "missing_rate");
  const notes = notesOf(t, report);
  return (
    <>
      {0 < rates.length && (
        <Alert
          color="red"
          variant="light"
          icon={<IconAlertTriangle aria-hidden />}
          title={t("pivot.kind.missing_rate")}
        >
          {rates.map((warning) => (
            <div key={warning.currency}>{rateText(t, format, warning)}</div>
          ))}
          {may(role, "edit_definitions") && (
            <Link to="/settings/$section" params={{ section: "currencies" }} search={{}}>
              {t("pivot.enter_rates")}
            </Link>
          )}
        </Alert>
      )}
      {0 < notes.length && (
        <div className={classes.notes}>
          <IconInfoCircle size={16} aria-hidden />
          <ul>
            {notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
          {report.warnings.some(({ kind }) => kind === "nothing_defined") && may(role, "edit_definitions") && (
            <Link to="/settings/$section" params={{ section: "conversions" }} search={{}}>
              {t("pivot.define_conversions")}
            </Link>
          )}
        </div>
      )}
    </>
  );
}

function rateText(t: TFunction, format: Format, warning: Extract<Warning, { kind: "missing_rate" }>): string {
  const days =
    warning.from === warning.to
      ? format.dayLong(warning.from)
      : `${format.dayLong(warning.from)} – ${format.dayLong(warning.to)}`;
  return t("pivot.missing_rate", {
    count: warning.amounts,
    amounts: format.integer(warning.amounts),
    sum: format.money(warning.sum, warning.currency),
    into: warning.into,
    days,
  });
}

/** Equal notes of several measures in one sentence. */
function notesOf(t: TFunction, report: PivotReport): string[] {
  const groups = new Map<string, { kind: Warning["kind"]; dimensions: string[]; measures: string[] }>();
  for (const warning of report.warnings) {
    if (warning.kind === "missing_rate") continue;
    const dimensions = "dimensions" in warning ? warning.dimensions : [];
    const key = JSON.stringify([warning.kind, dimensions]);
    const group = groups.get(key) ?? { kind: warning.kind, dimensions, measures: [] };
    const title = report.measures.find(({ measure }) => measure === warning.measure)?.title ?? null;
    group.measures.push(measureName(t, warning.measure, title));
    groups.set(key, group);
  }
  return [...groups.values()].map(({ kind, dimensions, measures }) => {
    const words = {
      measures: measures.join(", "),
      dimensions: dimensions.map((name) => dimensionName(t, name)).join(", "),
    };
    if (kind === "not_by") return t("pivot.kind.not_by", words);
    if (kind === "not_filtered") return t("pivot.kind.not_filtered", words);
    if (kind === "hidden") return t("pivot.kind.hidden", { measures: words.measures });
    return t("pivot.kind.nothing_defined", { measures: words.measures });
  });
}
