import { IconFlag } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useFormat } from "../../ui/FormatContext";
import type { Moment } from "./api";
import canvas from "./Canvas.module.css";
import { ENTRY, step as stepOf, waysFrom } from "./graph";
import type { Journey } from "./journey";
import classes from "./Journeys.module.css";
import { groupOf, KIND_ICONS } from "./kinds";
import { codeText, stepName, wayText, type Speech } from "./sentence";

/** A run moment by moment: when it was where, and why it went on as it did. */
export function PathTimeline({
  journey,
  path,
  ended,
  speech,
}: {
  journey: Journey;
  path: Moment[];
  ended: { at: string; reason: string } | null;
  speech: Speech;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <ol className={classes.path}>
      {path.map(({ at, step_id, way, says }, place) => {
        const does = stepOf(journey, step_id)?.does;
        const Picture = KIND_ICONS[does?.do ?? "entry"];
        // Whether it happened is what the reason says already.
        const isTold = does?.do === "wait_for" || does?.do === "call_task";
        const by = way && !isTold ? wayText(journey, step_id, way, speech) : "";
        return (
          <li key={place} className={classes.moment}>
            <span className={canvas.mark} data-group={does ? groupOf(does.do) : "entry"} data-size="small">
              <Picture size={14} stroke={1.8} aria-hidden />
            </span>
            <b>{stepName(journey, does ? step_id : ENTRY, speech)}</b>
            <time dateTime={at}>{format.dateTime(at)}</time>
            <small>{[codeText(t, says), by].filter(Boolean).join(" → ")}</small>
          </li>
        );
      })}
      <li className={classes.moment}>
        <span className={classes.end}>
          <IconFlag size={14} aria-hidden />
        </span>
        <b>{ended ? codeText(t, ended.reason) : t("journeys.simulate.goes_on")}</b>
        {ended && <time dateTime={ended.at}>{format.dateTime(ended.at)}</time>}
      </li>
    </ol>
  );
}

/** The steps and ways of a path, to be made to stand out in the drawing. */
export function litBy(journey: Journey, path: Moment[]): Set<string> {
  const lit = new Set<string>([ENTRY, `${ENTRY} next`]);
  for (const { step_id, way } of path) {
    lit.add(step_id);
    if (way) lit.add(`${step_id} ${way}`);
  }
  // Where the path tells no way, it is the one that leads to the next step.
  for (const [at, { step_id }] of path.entries()) {
    const next = path[at + 1]?.step_id;
    const way = waysFrom(journey, step_id).find(({ to }) => to !== null && to === next);
    if (way) lit.add(`${step_id} ${way.way}`);
  }
  return lit;
}
