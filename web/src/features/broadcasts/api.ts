import { ask } from "../../api/client";
import { decided } from "../../api/outcome";
import type { CommandOutcome, ExperimentComparison } from "../../api/types";
import type { ChainStep } from "../../message/chain";
import type { MessageChannel } from "../../message/channels";

// Written by hand until openapi.json tells of broadcasts: then these become the generated types.

/** `share`: in thousandths. */
export type Variant = { name: string; share: number; chain: ChainStep[] };

/** One text said to many. `holdout`: who gets nothing, in thousandths; the shares and it add up to a thousand. */
export type Broadcast = {
  broadcast_id: string;
  name: string;
  segment_id: string | null;
  excluded_segment_ids: string[];
  purpose: string;
  variants: Variant[];
  holdout: number;
  starts_at: string | null;
  per_minute: number | null;
  postpone_s: number;
};

export const BROADCAST_STATES = ["draft", "scheduled", "sending", "paused", "sent", "cancelled"] as const;
export type BroadcastState = (typeof BROADCAST_STATES)[number];

/** Messages. `sent`: handed over, whatever came after; `read`, `clicked`: by people, not by programs. */
export type Counts = {
  messages: number;
  pending: number;
  postponed: number;
  held: number;
  suppressed: number;
  sent: number;
  delivered: number;
  undelivered: number;
  failed: number;
  unknown: number;
  read: number;
  clicked: number;
};

export type BroadcastItem = Broadcast & {
  state: BroadcastState;
  percent: number;
  started_at: string | null;
  ended_at: string | null;
  changed_at: string;
  changed_by: string;
  counts: Counts;
};

/** What would come of a broadcast, counted on a sample where there are many people. `by`: whom a first message reaches. */
export type DryRun = {
  people: number;
  sampled: number;
  by: { variant: string; message_channel: MessageChannel; messages: number }[];
  refused: { reason: string; people: number }[];
  postponed: { reason: string; people: number }[];
  holdout: number;
};

export type Moment = { at: string; sent: number; read: number; clicked: number };
/** `people`: to whom something was sent; `converted`: who of them ordered within 30 days. */
export type VariantReport = {
  name: string;
  counts: Counts;
  people: number;
  converted: number;
  revenue: number;
  /** Beside the first variant. */
  clicked_compared: ExperimentComparison | null;
  /** Beside those held out; where nobody was, beside the first variant. */
  converted_compared: ExperimentComparison | null;
};
/** `step`: 0 for the first. */
export type StepReport = {
  variant: string;
  step: number;
  message_channel: MessageChannel;
  template_id: string;
  counts: Counts;
};
export type BroadcastReport = {
  counts: Counts;
  variants: VariantReport[];
  steps: StepReport[];
  reasons: { state: string; reason: string; messages: number }[];
  holdout: { people: number; converted: number; revenue: number } | null;
  clicks: { url: string; clicks: number; people: number }[];
  by_day?: Moment[];
  by_hour?: Moment[];
  as_of: string;
};

export const STEPS = ["start", "pause", "resume", "cancel"] as const;
export type Step = (typeof STEPS)[number];

const path = (id: string) => `/api/broadcasts/${encodeURIComponent(id)}`;

export const broadcastCalls = {
  list: () => ask<{ broadcasts: BroadcastItem[] }>("GET", "/api/broadcasts"),
  get: (id: string) => ask<BroadcastItem>("GET", path(id)),
  create: (broadcast: Broadcast) => decided(ask<CommandOutcome>("POST", "/api/broadcasts", { body: broadcast })),
  change: ({ broadcast_id, ...broadcast }: Broadcast) =>
    decided(ask<CommandOutcome>("PUT", path(broadcast_id), { body: broadcast })),
  step: (id: string, step: Step) => decided(ask<CommandOutcome>("POST", `${path(id)}/step`, { body: { step } })),
  dryRun: (broadcast: Broadcast, signal: AbortSignal) =>
    ask<DryRun>("POST", "/api/broadcasts/dry-run", { body: broadcast, signal }),
  report: (id: string, segment: string | undefined) =>
    ask<BroadcastReport>("GET", `${path(id)}/report`, { query: { segment } }),
};
