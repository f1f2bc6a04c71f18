import { DRIFT_ALARM, FAR, type Watch } from "./api";

type Drift = { feature: string; index: number };

/** Features with how far each is from what it was, the furthest first. */
export function driftOf(pairs: unknown[][]): Drift[] {
  return pairs.map(([feature, index]) => ({ feature: String(feature), index: Number(index) }));
}

/** Whether as many win as were foretold. */
export const isOff = ({ outcome }: Watch) => outcome !== null && FAR < Math.abs(outcome.distance);

export const isAlarming = (watch: Watch) =>
  isOff(watch) || driftOf(watch.drift).some(({ index }) => DRIFT_ALARM < index);
