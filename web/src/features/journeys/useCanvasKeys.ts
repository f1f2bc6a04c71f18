import { useEffect, useRef } from "react";
import { useBench } from "./bench";
import { copied, ENTRY, pasted, type Clip } from "./graph";
import type { Act } from "./history";
import type { Journey } from "./journey";

// Outlives a page, so that steps can be carried from one journey to another.
let clip: Clip | null = null;

/** Undo, copy, paste and delete by their usual keys, wherever the focus is but in a field or a window. */
export function useCanvasKeys(act: (act: Act<Journey>) => void) {
  const bench = useBench();
  const current = useRef({ bench, act });
  useEffect(() => {
    current.current = { bench, act };
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      const { bench: now, act: go } = current.current;
      if (now.mode === "read" || event.defaultPrevented || isElsewhere(event.target)) return;
      const ids = now.selected.filter((id) => id !== ENTRY);
      const key = event.key.toLowerCase();
      const isCommand = event.ctrlKey || event.metaKey;
      if (isCommand && key === "z") go({ do: event.shiftKey ? "redo" : "undo" });
      else if (isCommand && key === "y") go({ do: "redo" });
      else if (isCommand && key === "c" && 0 < ids.length && !window.getSelection()?.toString())
        clip = copied(now.journey, ids);
      else if (isCommand && key === "v" && clip) {
        const twice = pasted(now.journey, clip);
        // Pasted again, it lies beside what was pasted before.
        clip = { steps: clip.steps.map((step) => ({ ...step, x: step.x + 48, y: step.y + 48 })) };
        go({ do: "change", to: () => twice.journey });
        now.select(twice.ids);
      } else if ((event.key === "Delete" || event.key === "Backspace") && !isCommand && 0 < ids.length) now.remove(ids);
      else return;
      event.preventDefault();
    };
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, []);
}

const isElsewhere = (target: EventTarget | null) =>
  target instanceof HTMLElement &&
  (target.isContentEditable ||
    /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) ||
    target.closest('[role="dialog"], [role="menu"]') !== null);
