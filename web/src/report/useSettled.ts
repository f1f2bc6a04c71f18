import { useDebouncedValue } from "@mantine/hooks";
import { useMemo } from "react";

const DEBOUNCE_MS = 350;

/** The spec as it is once its builder rests for a moment: each step on the way there is no question of its own. */
export function useSettled<Spec>(wanted: Spec): Spec {
  // The text is compared, so that an equal spec does not start the wait anew.
  const [settled] = useDebouncedValue(JSON.stringify(wanted), DEBOUNCE_MS);
  return useMemo(() => JSON.parse(settled) as Spec, [settled]);
}
