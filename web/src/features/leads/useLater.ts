import { useCallback, useEffect, useRef } from "react";

/** Does the last of several things, once nothing came for a while. */
export function useLater(ms: number) {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  return useCallback(
    (what: () => void) => {
      clearTimeout(timer.current);
      timer.current = setTimeout(what, ms);
    },
    [ms],
  );
}
