import { useEffect } from "react";

const WINDOW = '[role="dialog"]';

/**
 * Gives the focus back to what opened a window, once no window is left; called once, for all of them.
 *
 * Mantine does so for a window that is closed, not for one that is there only while it is open; and where the window's
 * first field has the focus early, it takes that for the opener.
 */
export function useFocusReturn() {
  useEffect(() => {
    let opener: EventTarget | null = null;
    let isInside = false;
    const follow = ({ target }: FocusEvent) => {
      if (!(target instanceof Element)) return;
      isInside = target.closest(WINDOW) !== null;
      // A menu is gone when what it opened is: its button is the way back.
      if (!isInside && !target.closest('[role="menu"]')) opener = target;
    };
    const gone = new MutationObserver(() => {
      if (!isInside || document.activeElement !== document.body || document.querySelector(WINDOW)) return;
      isInside = false;
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus({ preventScroll: true });
    });
    document.addEventListener("focusin", follow);
    gone.observe(document.body, { childList: true, subtree: true });
    return () => {
      document.removeEventListener("focusin", follow);
      gone.disconnect();
    };
  }, []);
}
