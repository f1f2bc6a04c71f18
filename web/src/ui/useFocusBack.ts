import { useEffect, useState } from "react";

/**
 * Gives the focus back to what had it before, once a window is gone.
 *
 * A window that is closed does so by itself; one that is there only while it is open has no time to.
 */
export function useFocusBack() {
  const [opener] = useState(() => document.activeElement);
  useEffect(
    () => () => {
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus({ preventScroll: true });
    },
    [opener],
  );
}
