import { useEffect, useRef } from "react";

/**
 * Calls an action when its keys are pressed outside of fields: one key (`/`) or two in a row (`g o`).
 *
 * A second key counts within `SEQUENCE_MS` of the first.
 */
export function useShortcuts(actions: Record<string, () => void>) {
  const current = useRef(actions);
  useEffect(() => {
    current.current = actions;
  });

  useEffect(() => {
    const sequence = new KeySequence();
    const listen = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isField(event.target)) return;
      const action = sequence.press(event.key, event.timeStamp, current.current);
      if (!action) return;
      event.preventDefault();
      action();
    };
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, []);
}

const SEQUENCE_MS = 1200;

/** Remembers the key before, so that two keys in a row can mean something. Times are in milliseconds. */
export class KeySequence {
  private last = { key: "", at: -SEQUENCE_MS };

  press<Action>(key: string, at: number, actions: Record<string, Action>): Action | undefined {
    const pair = at - this.last.at < SEQUENCE_MS ? actions[`${this.last.key} ${key}`] : undefined;
    this.last = { key, at };
    return pair ?? actions[key];
  }
}

function isField(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}
