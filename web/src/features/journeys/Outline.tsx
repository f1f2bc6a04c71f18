import { Text } from "@mantine/core";
import { IconCornerDownRight } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useFormat } from "../../ui/FormatContext";
import { useBench } from "./bench";
import { ENTRY, outline, waysFrom, type Line } from "./graph";
import classes from "./Outline.module.css";
import { stepName, wayText } from "./sentence";
import { StepCard } from "./StepNode";
import { StepMenu } from "./StepMenu";

const DEPTH_SHOWN = 6;

/** The journey as a list of its steps, one below the other: for small screens, and for those who do not see the drawing. */
export function Outline() {
  const { t } = useTranslation();
  const { journey } = useBench();
  const lines = outline(journey);
  // A way whose step stands further up, or nowhere, is told where it begins.
  const followed = new Set(lines.flatMap(({ way }) => (way ? [`${way.from} ${way.way}`] : [])));
  return (
    <ol className={classes.list} aria-label={t("journeys.canvas.label")}>
      <li>
        <Row id={ENTRY} />
        <Ways id={ENTRY} followed={followed} />
      </li>
      {lines.map((line) => (
        <li
          key={line.step.step_id}
          style={{ marginInlineStart: Math.min(line.depth, DEPTH_SHOWN) * 18 }}
          className={line.depth === 0 ? undefined : classes.deep}
        >
          <Lead line={line} />
          <Row id={line.step.step_id} />
          <Ways id={line.step.step_id} followed={followed} />
        </li>
      ))}
      {lines.length === 0 && (
        <Text size="sm" c="dimmed">
          {t("journeys.canvas.list_empty")}
        </Text>
      )}
    </ol>
  );
}

/** By which way one comes to a step. */
function Lead({ line: { way } }: { line: Line }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { journey, speech, crowd } = useBench();
  if (way === null) return <div className={classes.lead}>{t("journeys.canvas.loose")}</div>;
  const words = wayText(journey, way.from, way.way, speech);
  const count = crowd?.along.get(`${way.from} ${way.way}`);
  if (!words && count === undefined) return null;
  return (
    <div className={classes.lead}>
      <IconCornerDownRight size={14} aria-hidden />
      {words}
      {count !== undefined && <b>{format.integer(count)}</b>}
    </div>
  );
}

function Row({ id }: { id: string }) {
  const { journey, speech, selected, select, open, lit } = useBench();
  const choose = () => {
    select([id]);
    open(id);
  };
  return (
    <div className={classes.row} data-lit={lit ? lit.has(id) : undefined}>
      <StepCard id={id} isSelected={selected.includes(id)} />
      <button
        type="button"
        className={classes.cover}
        aria-label={stepName(journey, id, speech)}
        aria-pressed={selected.includes(id)}
        onClick={choose}
      />
    </div>
  );
}

/** The ways that no line below follows: open ones, and those that lead to a step that stands elsewhere. */
function Ways({ id, followed }: { id: string; followed: Set<string> }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { journey, mode, speech, crowd } = useBench();
  const ways = waysFrom(journey, id).filter(({ way }) => !followed.has(`${id} ${way}`));
  const all = waysFrom(journey, id);
  return (
    <>
      {ways.map(({ way, to }) => {
        const words = wayText(journey, id, way, speech);
        const count = crowd?.along.get(`${id} ${way}`);
        return (
          <div key={way} className={classes.way}>
            {mode === "edit" ? <StepMenu place={{ from: id, way }} /> : <span className={classes.dot} aria-hidden />}
            <span>
              {words && `${words}: `}
              {to === null
                ? t("journeys.ends")
                : t("journeys.canvas.leads_to", { step: stepName(journey, to, speech) })}
            </span>
            {count !== undefined && <b>{format.integer(count)}</b>}
          </div>
        );
      })}
      {mode === "edit" && ways.length === 0 && all.length === 1 && all[0] && (
        <div className={classes.way} data-between>
          <StepMenu place={{ from: id, way: all[0].way }} />
        </div>
      )}
    </>
  );
}
