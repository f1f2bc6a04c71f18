import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Candidate, Decision as Held } from "../../api/leads";
import { label } from "../../api/labels";
import { useFormat } from "../../ui/FormatContext";
import { usePalette } from "../../ui/palette";
import classes from "./Lead.module.css";

/** Why this dealer: everybody who was weighed, with what spoke for them, and who could not be chosen. */
export function Decision({ decision }: { decision: Held }) {
  const { t } = useTranslation();
  const format = useFormat();
  const palette = usePalette();
  const { at, chosen, reason, candidates, barred_others } = decision;
  const kinds = [...new Set(candidates.flatMap(({ parts }) => parts.map(({ says }) => says)))];
  const colour = (says: string) => palette.series[kinds.indexOf(says) % palette.series.length] ?? palette.accent;
  const most = Math.max(1, ...candidates.map(({ parts }) => parts.reduce((sum, part) => sum + part.points, 0)));
  const name = candidates.find(({ dealer_id }) => dealer_id === chosen)?.name ?? chosen;
  const rank = ({ dealer_id, barred, points }: Candidate) =>
    dealer_id === chosen ? Number.POSITIVE_INFINITY : barred ? points - 1e6 : points;
  const ranked = candidates.toSorted((one, other) => rank(other) - rank(one));
  return (
    <>
      <Text size="sm">
        <b>{name ?? t("leads.decision.nobody")}</b>
        {reason && ` — ${label("lead_word", reason)}`}
        <Text span size="xs" c="dimmed" ml={8} className="num">
          {format.dateTime(at)}
        </Text>
      </Text>
      <ul className={classes.legend}>
        {kinds.map((says) => (
          <li key={says}>
            <span style={{ background: colour(says) }} />
            {label("lead_word", says)}
          </li>
        ))}
      </ul>
      {ranked.map(({ dealer_id, name, points, parts, barred }) => (
        <div
          key={dealer_id}
          className={classes.candidate}
          data-chosen={dealer_id === chosen}
          data-barred={barred !== null}
        >
          <b>{name}</b>
          {barred === null ? (
            <div
              className={classes.stack}
              role="group"
              aria-label={parts
                .map((part) => `${label("lead_word", part.says)}: ${format.integer(part.points)}`)
                .join(", ")}
            >
              {parts
                .filter((part) => 0 < part.points)
                .map((part) => (
                  <div
                    key={part.says}
                    title={`${label("lead_word", part.says)}: ${format.integer(part.points)}`}
                    style={{ width: `${(100 * part.points) / most}%`, background: colour(part.says) }}
                  />
                ))}
            </div>
          ) : (
            <span className={classes.barred}>{label("lead_word", barred)}</span>
          )}
          <span className="num" style={{ textAlign: "right" }}>
            {barred === null ? format.integer(points) : t("ui.none")}
          </span>
        </div>
      ))}
      {0 < barred_others && (
        <Text size="xs" c="dimmed" mt="xs">
          {t("leads.decision.others", { count: barred_others })}
        </Text>
      )}
    </>
  );
}
