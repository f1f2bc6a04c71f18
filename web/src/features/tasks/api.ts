import { ask } from "../../api/client";
import { decided } from "../../api/outcome";
import type { CommandOutcome } from "../../api/types";

// Written by hand until openapi.json tells of call tasks: then these become the generated types.

export const OUTCOMES = ["spoke", "no_answer", "declined"] as const;
export type Outcome = (typeof OUTCOMES)[number];

export const TASK_STATES = ["open", "done"] as const;
export type TaskState = (typeof TASK_STATES)[number];

/** Somebody to be called, because a journey came to it. */
export type Task = {
  task_id: string;
  profile_id: string;
  name: string | null;
  phone: string | null;
  title: string;
  script: string;
  journey_id: string;
  run_id: string;
  tries: number;
  tries_max: number;
  opened_at: string;
  due_at: string;
  state: string;
  outcome: string | null;
  note: string;
};

export const taskCalls = {
  list: (state: TaskState, before: string) =>
    ask<{ tasks: Task[]; next: string | null }>("GET", "/api/tasks", { query: { state, before } }),
  answer: (id: string, answer: { outcome: Outcome; note: string }) =>
    decided(ask<CommandOutcome>("POST", `/api/tasks/${encodeURIComponent(id)}/answer`, { body: answer })),
};
