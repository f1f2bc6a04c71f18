// The script of the tag: starts once, then does what was called before it came.

import { read } from "./settings";
import { Tracker } from "./tracker";

const METHODS = ["track", "page", "identify", "group", "alias", "consent", "reset", "id"] as const;

type Call = [(typeof METHODS)[number], ...unknown[]];
type Early = Call[] & { started?: boolean };

function start(): void {
  const page = window as unknown as { forecourt?: Early & Record<string, unknown> };
  const script = document.currentScript as HTMLScriptElement | null;
  const settings = script && read(script);
  if (!settings || page.forecourt?.started) return;
  const early = page.forecourt || [];
  const tracker = new Tracker(settings);
  const api: Record<string, unknown> = { started: true };
  // A fault of ours must not become the page's.
  const call = ([name, ...given]: Call) => {
    try {
      return (tracker[name] as (...given: unknown[]) => unknown).apply(tracker, given);
    } catch (error) {
      console.warn("forecourt:", error);
    }
  };
  for (const name of METHODS) api[name] = (...given: unknown[]) => call([name, ...given]);
  api.push = call;
  page.forecourt = api as unknown as typeof page.forecourt;
  Array.from(early).forEach(call);
}

try {
  start();
} catch (error) {
  console.warn("forecourt:", error);
}
