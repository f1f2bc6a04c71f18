import type { ChainStep } from "../../message/chain";
import type { Filter, Rule, Span, Test } from "../../segment/rule";

// A journey as the server keeps it: crates/model/src/journey.

export const TURNS = ["entered", "left"] as const;
export type Turn = (typeof TURNS)[number];

/** `key`: a field of the event; a person has a run for each of its values. */
export type OnEvent = { event: string; where?: Filter[]; key?: string };

/** What begins a run. */
export type Entry = ({ by: "event" } & OnEvent) | { by: "segment"; segment_id: string; turn: Turn } | { by: "call" };

/** Whether somebody who was in it may enter again. */
export type Again = "never" | "when_ended" | "always" | { after: Span };

export type Goal = OnEvent & { within: Span };
export type Exit = ({ on: "event" } & OnEvent) | { on: "segment"; segment_id: string; turn: Turn };

export type Wait =
  | { lasting: Span }
  | { until: { at: string; weekdays?: number[] } }
  | { date: { field: string; days: number; at?: string } };

export const CAME = ["delivered", "read", "clicked", "not_sent"] as const;
export type Came = (typeof CAME)[number];

export type WaitedFor =
  | ({ for: "event"; since_entry?: boolean } & OnEvent)
  | { for: "segment"; segment_id: string; turn: Turn }
  | { for: "message"; step_id: string; came: Came };

export type Condition =
  | { on: "person"; rule: Rule }
  | { on: "event"; field: string; is: Test }
  | { on: "message"; step_id: string; came: Came };

/** A step's name, or none: then the run ends there. */
type To = string | null;

export type Arm = { name?: string; when: Condition; next?: To };
/** `share`: in thousandths. */
export type Share = { name?: string; share: number; next?: To };

export type Does =
  | { do: "send"; purpose: string; chain: ChainStep[]; postpone_s: number; next?: To }
  | { do: "wait"; wait: Wait; next?: To; otherwise?: To }
  | { do: "wait_for"; what: WaitedFor; within: Span; next?: To; otherwise?: To }
  | { do: "branch"; arms: Arm[]; otherwise?: To }
  | { do: "split"; arms: Share[] }
  | { do: "set_trait"; name: string; value: unknown; next?: To }
  | { do: "set_stage"; stage: string; next?: To }
  | {
      do: "call_task";
      title: string;
      script?: string;
      tries: number;
      gap: Span;
      within: Span;
      next?: To;
      otherwise?: To;
    }
  | { do: "journey"; journey_id: string; next?: To };

export type Kind = Does["do"];
export type Of<K extends Kind> = Extract<Does, { do: K }>;

export type Step = { step_id: string; name?: string; x: number; y: number; does: Does };

export type Journey = {
  journey_id: string;
  name: string;
  entry: Entry;
  only?: Rule;
  again: Again;
  /** Who is only watched, in thousandths. */
  holdout?: number;
  per_hour?: number;
  goal?: Goal;
  exits?: Exit[];
  first?: To;
  steps: Step[];
};

/** The server's own limits. */
export const STEPS_MAX = 200;
export const ARMS_MAX = 8;

export const KINDS = [
  "send",
  "wait",
  "wait_for",
  "branch",
  "split",
  "call_task",
  "set_trait",
  "set_stage",
  "journey",
] as const satisfies Kind[];

const A_DAY_S = 86_400;

/** A step of a kind as it begins: what can be guessed is, the rest waits to be filled in. */
export function blank(kind: Kind, purpose: string): Does {
  switch (kind) {
    case "send":
      return { do: kind, purpose, chain: [{ template_id: "", wait_s: 0, until: "read" }], postpone_s: A_DAY_S };
    case "wait":
      return { do: kind, wait: { lasting: "1d" } };
    case "wait_for":
      return { do: kind, what: { for: "event", event: "" }, within: "3d" };
    case "branch":
      return { do: kind, arms: [{ when: { on: "person", rule: { if: "all", rules: [] } } }] };
    case "split":
      return {
        do: kind,
        arms: [
          { name: "A", share: 500 },
          { name: "B", share: 500 },
        ],
      };
    case "set_trait":
      return { do: kind, name: "", value: "" };
    case "set_stage":
      return { do: kind, stage: "contacted" };
    case "call_task":
      return { do: kind, title: "", tries: 3, gap: "4h", within: "2d" };
    case "journey":
      return { do: kind, journey_id: "" };
  }
}

export const blankJourney = (): Journey => ({
  journey_id: "",
  name: "",
  entry: { by: "event", event: "" },
  again: "when_ended",
  steps: [],
});

/** Whether a file that somebody brings looks like a journey; the server says what is wrong within. */
export function isJourney(value: unknown): value is Journey {
  if (typeof value !== "object" || value === null) return false;
  const { name, entry, steps } = value as Partial<Record<keyof Journey, unknown>>;
  const isStep = (step: unknown) =>
    typeof step === "object" &&
    step !== null &&
    "step_id" in step &&
    typeof step.step_id === "string" &&
    "does" in step &&
    typeof step.does === "object" &&
    step.does !== null &&
    "do" in step.does &&
    KINDS.some((kind) => kind === (step.does as Does).do);
  return (
    typeof name === "string" &&
    typeof entry === "object" &&
    entry !== null &&
    "by" in entry &&
    Array.isArray(steps) &&
    steps.every(isStep)
  );
}
