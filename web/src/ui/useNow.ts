import { useSyncExternalStore } from "react";

const TICK_MS = 1000;

let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;
const listeners = new Set<() => void>();

function tick() {
  now = Date.now();
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  timer ??= setInterval(tick, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size !== 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The time in milliseconds, anew each second; one clock for all that ask. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => {
    // Before the first tick the time is that of the drawing, not that of the last page.
    if (timer === undefined) now = Math.floor(Date.now() / TICK_MS) * TICK_MS;
    return now;
  });
}
