import type { ExperimentComparison } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import type { Measure } from "./spec";

/** How a difference is told: as a share of the control's mean; while that may be 0, as it is. */
export function useDifference(measure: Measure) {
  const format = useFormat();
  const asItIs = (value: number) => (measure === "people" ? format.share(value) : format.decimal(value));
  return ({ uplift, difference }: ExperimentComparison) => {
    const { value, low, high } = uplift ?? difference;
    const shown = uplift ? format.change : asItIs;
    return { value: shown(value), low: shown(low), high: shown(high) };
  };
}
