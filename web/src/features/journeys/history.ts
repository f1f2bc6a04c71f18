/**
 * What is worked on, with what it was before.
 *
 * * `turn`: grows whenever something else is put in its place, so that fields which hold their own text begin anew.
 */
export type History<Held> = { past: Held[]; now: Held; future: Held[]; turn: number; stroke: Stroke | null };
/** Which field was typed into last, and when: one stretch of typing is undone at once. */
type Stroke = { of: string; at: number };

const KEPT = 100;
const STROKE_MS = 1_200;

export type Act<Held> =
  /** `of`: what is changed, where changes to the same thing in a row are one. */
  | { do: "change"; to: (held: Held) => Held; of?: string; at?: number }
  | { do: "undo" }
  | { do: "redo" }
  | { do: "replace"; with: Held };

export const begun = <Held>(now: Held): History<Held> => ({ past: [], now, future: [], turn: 0, stroke: null });

export function acted<Held>(history: History<Held>, act: Act<Held>): History<Held> {
  const { past, now, future, turn, stroke } = history;
  switch (act.do) {
    case "change": {
      const next = act.to(now);
      if (next === now) return history;
      const goesOn =
        act.of !== undefined && stroke?.of === act.of && act.at !== undefined && act.at - stroke.at < STROKE_MS;
      const fresh = act.of !== undefined && act.at !== undefined ? { of: act.of, at: act.at } : null;
      return { past: goesOn ? past : [...past, now].slice(-KEPT), now: next, future: [], turn, stroke: fresh };
    }
    case "undo": {
      const before = past.at(-1);
      if (before === undefined) return history;
      return { past: past.slice(0, -1), now: before, future: [now, ...future], turn: turn + 1, stroke: null };
    }
    case "redo": {
      const [after, ...rest] = future;
      if (after === undefined) return history;
      return { past: [...past, now], now: after, future: rest, turn: turn + 1, stroke: null };
    }
    case "replace":
      return { past: [...past, now].slice(-KEPT), now: act.with, future: [], turn: turn + 1, stroke: null };
  }
}
