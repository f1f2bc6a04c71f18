import type { ExperimentComparison } from "../api/types";
import { useFormat } from "../ui/FormatContext";

/**
 * How far a variant is from its control: as a share of the control's mean; while that may be 0, as it is.
 *
 * * `isShare`: the means are shares of people.
 */
export function useDifference(isShare: boolean) {
  const format = useFormat();
  const asItIs = (value: number) => (isShare ? format.share(value) : format.decimal(value));
  return ({ uplift, difference }: ExperimentComparison) => {
    const { value, low, high } = uplift ?? difference;
    const shown = uplift ? format.change : asItIs;
    return { value: shown(value), low: shown(low), high: shown(high) };
  };
}
