import { BaseEdge, EdgeLabelRenderer, getSmoothStepPath, type Edge, type EdgeProps } from "@xyflow/react";
import { memo } from "react";
import { useFormat } from "../../ui/FormatContext";
import { useBench } from "./bench";
import classes from "./Canvas.module.css";
import { wayText } from "./sentence";
import { StepMenu } from "./StepMenu";

/** `isOnlyOne`: whether no other way leads to the same step. */
export type WayEdgeType = Edge<{ from: string; way: string; isOnlyOne: boolean }, "way">;

const ABOVE_TARGET_PX = 36;

/** A way from step to step, with its name, how many took it, and the "+" that puts a step between. */
export const WayEdge = memo(function WayEdge({
  sourceX,
  sourceY,
  targetX,
  targetY,
  sourcePosition,
  targetPosition,
  data,
  markerEnd,
}: EdgeProps<WayEdgeType>) {
  const format = useFormat();
  const { journey, mode, speech, crowd, lit } = useBench();
  const [path, centreX, centreY] = getSmoothStepPath({
    sourceX,
    sourceY,
    targetX,
    targetY,
    sourcePosition,
    targetPosition,
    borderRadius: 14,
  });
  if (!data) return null;
  const { from, way, isOnlyOne } = data;
  const words = wayText(journey, from, way, speech);
  const count = crowd?.along.get(`${from} ${way}`);
  const isDown = ABOVE_TARGET_PX * 2 < targetY - sourceY;
  // Ways part after their step: near its end each has room for its name.
  const [x, y] = words && isOnlyOne && isDown ? [targetX, targetY - ABOVE_TARGET_PX] : [centreX, centreY];
  const isLit = lit ? lit.has(`${from} ${way}`) : undefined;
  return (
    <>
      <BaseEdge path={path} markerEnd={markerEnd} className={classes.edge} data-lit={isLit} />
      <EdgeLabelRenderer>
        <div
          className={`nodrag nopan ${classes.label}`}
          data-lit={isLit}
          style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}
        >
          {(words || count !== undefined) && (
            <span className={classes.pill} title={words}>
              {words && <span className="ellipsis">{words}</span>}
              {count !== undefined && <b>{format.compact(count)}</b>}
            </span>
          )}
          {mode === "edit" && <StepMenu place={{ from, way }} className={classes.between} />}
        </div>
      </EdgeLabelRenderer>
    </>
  );
});
