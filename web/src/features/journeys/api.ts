import { ask } from "../../api/client";
import { decided } from "../../api/outcome";
import type { CommandOutcome } from "../../api/types";
import type { Entry, Journey } from "./journey";

// Written by hand until openapi.json tells of journeys: then these become the generated types.

export const JOURNEY_STATES = ["draft", "live", "closed", "stopped"] as const;
export type JourneyState = (typeof JOURNEY_STATES)[number];

export type Totals = { entered: number; running: number; ended: number; goals: number; held_out: number };
export type ReasonCount = { reason: string; count: number };

export type JourneyItem = {
  journey_id: string;
  name: string;
  state: JourneyState;
  version: number | null;
  is_published: boolean;
  entry: Entry;
  counts: Totals;
  changed_at: string;
  changed_by: string;
};

/** `step_id`: none where it is about the journey itself. */
export type Problem = { step_id: string | null; says: string };

/** `journey`: the draft; `live`: the version in force. */
export type JourneyDetail = {
  journey: Journey;
  live: Journey | null;
  state: JourneyState;
  version: number | null;
  is_published: boolean;
  problems: Problem[];
  changed_at: string;
  changed_by: string;
};

export type Counts = Totals & {
  reasons: ReasonCount[];
  steps: { step_id: string; here: number }[];
  ways: { step_id: string; way: string; count: number }[];
};

export type MessageCounts = {
  messages: number;
  sent: number;
  delivered: number;
  read: number;
  clicked: number;
  failed: number;
  suppressed: number;
};

export type StepReport = { step_id: string; passed: number; mean_s: number | null; messages: MessageCounts | null };
export type Day = { day: string; entered: number; ended: number; goals: number };

/** Rates and uplift are shares of one. */
export type Report = {
  entered: number;
  goals: number;
  held_out: number;
  held_out_goals: number;
  rate: number | null;
  held_out_rate: number | null;
  uplift: number | null;
  uplift_low: number | null;
  uplift_high: number | null;
  value: number | null;
  days: Day[];
  reasons: ReasonCount[];
  steps: StepReport[];
};

export const RUN_STATES = ["running", "ended", "held_out"] as const;
export type RunState = (typeof RUN_STATES)[number];

export type Run = {
  run_id: string;
  journey_id: string;
  profile_id: string;
  name: string | null;
  key: string;
  version: number;
  state: RunState;
  step_id: string | null;
  reason: string;
  entered_at: string;
  changed_at: string;
  due_at: string | null;
  goal_at: string | null;
};

/** One moment of a run: where it was, by which way it went on, and why. */
export type Moment = { at: string; step_id: string; way: string | null; says: string };
export type RunDetail = Run & { journey: Journey; path: Moment[] };
type RunAnswer = { run: Run; journey: Journey | null; path: Moment[] };

/** A version that is gone is an empty drawing; the path still tells. */
const detail = ({ run, journey, path }: RunAnswer): RunDetail => ({
  ...run,
  journey: journey ?? {
    journey_id: run.journey_id,
    name: run.journey_id,
    entry: { by: "call" },
    again: "when_ended",
    steps: [],
  },
  path,
});

export type Simulation = {
  journey: Journey;
  profile_id: string | null;
  entry: { event: string; properties: object; key: string };
  starts_at: string;
  happenings: { after: string; event: string; properties: object }[];
};
export type Simulated = { path: Moment[]; ended: { at: string; reason: string } | null };

export type DryRun = {
  from: string;
  entered: number;
  people: number;
  held_out: number;
  sends: number;
  steps: { step_id: string; sends: number }[];
  reasons: ReasonCount[];
  is_cut: boolean;
  is_sampled: boolean;
};

export type JourneyTemplate = { template_id: string; name: string; says: string; journey: Journey };

export const STEPS = ["publish", "close", "reopen", "stop"] as const;
export type LifeStep = (typeof STEPS)[number];

export type RunsAsked = { step_id?: string; state?: RunState };

const path = (id: string) => `/api/journeys/${encodeURIComponent(id)}`;

export const journeyCalls = {
  list: () => ask<{ journeys: JourneyItem[] }>("GET", "/api/journeys"),
  get: (id: string) => ask<JourneyDetail>("GET", path(id)),
  create: (journey: Journey) => decided(ask<CommandOutcome>("POST", "/api/journeys", { body: { journey } })),
  change: (journey: Journey) => decided(ask<CommandOutcome>("PUT", path(journey.journey_id), { body: { journey } })),
  check: (journey: Journey, signal: AbortSignal) =>
    ask<{ problems: Problem[] }>("POST", "/api/journeys/check", { body: { journey }, signal }),
  step: (id: string, step: LifeStep) => decided(ask<CommandOutcome>("POST", `${path(id)}/step`, { body: { step } })),
  counts: (id: string) => ask<Counts>("GET", `${path(id)}/counts`),
  report: (id: string, days: number) => ask<Report>("GET", `${path(id)}/report`, { query: { days: String(days) } }),
  runs: (id: string, { step_id, state }: RunsAsked, before: string) =>
    ask<{ runs: Run[]; next: string | null }>("GET", `${path(id)}/runs`, {
      query: { step_id, state, before, limit: "50" },
    }),
  run: async (runId: string) => detail(await ask<RunAnswer>("GET", `/api/journey-runs/${encodeURIComponent(runId)}`)),
  enter: (id: string, wish: { profile_id: string; key: string }) =>
    decided(
      ask<CommandOutcome>("POST", `${path(id)}/runs`, {
        body: { ...wish, properties: {}, idempotency_key: crypto.randomUUID() },
      }),
    ),
  simulate: (simulation: Simulation) => ask<Simulated>("POST", "/api/journeys/simulate", { body: simulation }),
  dryRun: (asked: { journey: Journey; days: number }) => ask<DryRun>("POST", "/api/journeys/dry-run", { body: asked }),
  templates: () => ask<{ templates: JourneyTemplate[] }>("GET", "/api/journeys/templates"),
};
