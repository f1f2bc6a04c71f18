import { IconAlertTriangle, IconUsers } from "@tabler/icons-react";
import { Handle, Position, type Node, type NodeProps } from "@xyflow/react";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import { useFormat } from "../../ui/FormatContext";
import { useBench } from "./bench";
import classes from "./Canvas.module.css";
import { ENTRY, step as stepOf, waysFrom } from "./graph";
import { groupOf, KIND_ICONS } from "./kinds";
import { detail, entryText, summary, wayText } from "./sentence";
import { StepMenu } from "./StepMenu";

export type StepNodeType = Node<Record<string, never>, "step">;

/** A step as a card, or the entry as one; below it each way that leads nowhere yet. */
export const StepNode = memo(function StepNode({ id, selected }: NodeProps<StepNodeType>) {
  const { journey, mode, lit } = useBench();
  const isEntry = id === ENTRY;
  if (!isEntry && !stepOf(journey, id)) return null;
  const ways = waysFrom(journey, id);
  return (
    <div className={classes.node} data-lit={lit ? lit.has(id) : undefined}>
      {!isEntry && (
        <Handle type="target" position={Position.Top} className={classes.handle} isConnectable={mode === "edit"} />
      )}
      <StepCard id={id} isSelected={selected} />
      {ways.map(({ way, to }, at) => (
        <Handle
          key={way}
          id={way}
          type="source"
          position={Position.Bottom}
          className={classes.handle}
          style={{ left: `${(100 * (at + 0.5)) / ways.length}%` }}
          isConnectable={mode === "edit"}
          data-open={to === null}
        />
      ))}
      <div className={classes.stubs}>
        {ways.map(({ way, to }) => (
          <div key={way} className={classes.stub}>
            {to === null && <OpenWay id={id} way={way} />}
          </div>
        ))}
      </div>
    </div>
  );
});

/** What a step is and does, what is wrong with it, and who is in it. */
export function StepCard({ id, isSelected }: { id: string; isSelected: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { journey, speech, problems, crowd, showPeople } = useBench();
  const step = stepOf(journey, id);
  const kind = step?.does.do ?? "entry";
  const Picture = KIND_ICONS[kind];
  const wrong = problems.get(id) ?? [];
  const here = crowd?.here.get(id) ?? 0;
  const more = step ? detail(step, speech) : "";
  return (
    <div
      className={classes.card}
      data-group={step ? groupOf(step.does.do) : "entry"}
      data-selected={isSelected}
      data-wrong={0 < wrong.length}
    >
      <span className={classes.mark} data-group={step ? groupOf(step.does.do) : "entry"}>
        <Picture size={20} stroke={1.7} aria-hidden />
      </span>
      <div className={classes.words}>
        <div className={classes.kind}>{step?.name || t(`journeys.kind.${kind}`)}</div>
        <div className={classes.summary}>
          {step ? summary(step, journey, speech) : entryText(journey.entry, speech)}
        </div>
        {more && <div className={classes.detail}>{more}</div>}
      </div>
      {0 < wrong.length && (
        <span className={classes.problem} title={wrong.join("\n")}>
          <IconAlertTriangle size={15} role="img" aria-label={t("journeys.problems.count", { count: wrong.length })} />
        </span>
      )}
      {0 < here && showPeople && (
        <button
          type="button"
          className={`nodrag nopan ${classes.here}`}
          title={t("journeys.here", { count: here, people: format.integer(here) })}
          aria-label={t("journeys.here", { count: here, people: format.integer(here) })}
          onClick={(event) => {
            event.stopPropagation();
            showPeople(id);
          }}
        >
          <IconUsers size={12} aria-hidden />
          {format.compact(here)}
        </button>
      )}
    </div>
  );
}

function OpenWay({ id, way }: { id: string; way: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { journey, mode, speech, crowd } = useBench();
  const words = wayText(journey, id, way, speech);
  const count = crowd?.along.get(`${id} ${way}`);
  return (
    <>
      <span className={classes.string} aria-hidden />
      {mode === "edit" ? (
        <StepMenu place={{ from: id, way }} />
      ) : (
        <span className={classes.end} title={t("journeys.ends")} />
      )}
      {(words || count !== undefined) && (
        <span className={classes.stubWords} title={words}>
          {words}
          {count !== undefined && <b>{format.compact(count)}</b>}
        </span>
      )}
    </>
  );
}
