import { queryOptions } from "@tanstack/react-query";
import { ask } from "../api/client";
import { decided } from "../api/outcome";
import type { CommandOutcome } from "../api/types";
import type { MessageChannel } from "./channels";

/** On what ground people are written to. */
export const BASES = ["opt_in", "opt_out", "transactional"] as const;
export type Basis = (typeof BASES)[number];

export type Purpose = { purpose_id: string; name: string; basis: Basis };
/** At most `most` messages to one person in any `within_h` hours; of all channels and purposes where none are named. */
export type Cap = {
  name: string;
  message_channels: MessageChannel[];
  purposes: string[];
  most: number;
  within_h: number;
};
/** `from`, `until`: `HH:MM` by the clock where the person is. */
export type QuietHours = { message_channels: MessageChannel[]; from: string; until: string };
export type Budget = { message_channel: MessageChannel; per_day: number };

/** What messages are admitted by. */
export type Gate = { purposes: Purpose[]; caps: Cap[]; quiet_hours: QuietHours[]; budgets: Budget[]; tz: string };

export const gateCalls = {
  get: () => ask<Gate>("GET", "/api/gate"),
  set: (gate: Gate) => decided(ask<CommandOutcome>("PUT", "/api/gate", { body: gate })),
};

export const gateQuery = queryOptions({ queryKey: ["gate"], queryFn: gateCalls.get, staleTime: 30_000 });
