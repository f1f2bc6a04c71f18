import type { FlowStage } from "../../api/types";

type Curve = FlowStage["curve"];
type Corner = [after: number, share: number];

/** What is drawn of a curve: seconds up to which, and seconds in one unit of the axis. */
export type Axis = { end_s: number; unit_s: number };

const HOUR_S = 3_600;
const DAY_S = 86_400;

/** As far as twice the time that counts as "in time", or as far as anything is known; in days, or in hours where days are too coarse. */
export function axisOf(curves: Curve[], within_s: number): Axis {
  const known_s = Math.max(HOUR_S, ...curves.map((curve) => curve.at(-1)?.after_s ?? 0));
  const end_s = Math.min(known_s, 2 * within_s);
  return { end_s, unit_s: end_s <= 3 * DAY_S ? HOUR_S : DAY_S };
}

/** The share's corners from nobody on, level at the end as far as it is known. */
export function lineOf(curve: Curve, axis: Axis): Corner[] {
  return stairs(curve, axis, ({ share }) => share);
}

/** The band's outline: along its upper edge and back along its lower; empty where there is none. */
export function bandOf(curve: Curve, axis: Axis): Corner[] {
  const upper = stairs(curve, axis, ({ share, high }) => high ?? share);
  const lower = stairs(curve, axis, ({ share, low }) => low ?? share);
  return [...upper, ...lower.toReversed()];
}

/** Who had moved on by a moment, as the curve has it; `undefined` beyond what is known. */
export function at(curve: Curve, after_s: number) {
  const last = curve.at(-1);
  if (!last || last.after_s < after_s) return undefined;
  return curve.findLast((point) => point.after_s <= after_s) ?? { after_s, share: 0, low: 0, high: 0, at_risk: 0 };
}

function stairs(curve: Curve, { end_s, unit_s }: Axis, value: (point: Curve[number]) => number): Corner[] {
  const corners: Corner[] = [[0, 0]];
  let level = 0;
  for (const point of curve.filter(({ after_s }) => after_s <= end_s)) {
    corners.push([point.after_s / unit_s, level]);
    level = value(point);
    corners.push([point.after_s / unit_s, level]);
  }
  const known_s = curve.at(-1)?.after_s ?? 0;
  if (end_s < known_s) corners.push([end_s / unit_s, level]);
  return corners;
}
