import { createContext, useContext } from "react";
import type { Place } from "./graph";
import type { Journey, Kind } from "./journey";
import type { Speech } from "./sentence";

/** Who is where, by step and by way (`step way`). */
export type Crowd = { here: Map<string, number>; along: Map<string, number> };

/** What all that draw one journey share. */
export type Bench = {
  journey: Journey;
  mode: "edit" | "read";
  speech: Speech;
  /** What is to be mended, by step. */
  problems: Map<string, string[]>;
  crowd: Crowd | null;
  selected: readonly string[];
  /** Steps and ways (`step way`) that stand out from all others; all alike where there are none. */
  lit: ReadonlySet<string> | null;
  /** * `of`: what is typed into, so that a stretch of typing is undone at once. */
  change: (to: (journey: Journey) => Journey, of?: string) => void;
  select: (ids: readonly string[]) => void;
  /** Puts a new step there, and opens it. */
  add: (place: Place, kind: Kind) => void;
  remove: (ids: readonly string[]) => void;
  /** Leads the focus to where a step is edited. */
  open: (id: string) => void;
  /** Shows the people in a step; `null` where there are none to show. */
  showPeople: ((id: string) => void) | null;
};

const Context = createContext<Bench | null>(null);
export const BenchProvider = Context.Provider;

export function useBench(): Bench {
  const bench = useContext(Context);
  if (!bench) throw new Error("a part of a drawing stands outside of one");
  return bench;
}

export const crowdOf = (counts: {
  steps: { step_id: string; here: number }[];
  ways: { step_id: string; way: string; count: number }[];
}): Crowd => ({
  here: new Map(counts.steps.map(({ step_id, here }) => [step_id, here])),
  along: new Map(counts.ways.map(({ step_id, way, count }) => [`${step_id} ${way}`, count])),
});
