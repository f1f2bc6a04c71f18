import type { MessageChannel, MessageState } from "../../api/types";

export const CHANNELS: MessageChannel[] = ["sms", "webhook"];
export const STATES: MessageState[] = [
  "pending",
  "sent",
  "delivered",
  "undelivered",
  "failed",
  "unknown",
  "held",
  "suppressed",
];

/** What of the deliveries is shown; every part is optional. */
export type DeliveriesSearch = { channel?: MessageChannel; state?: MessageState; form?: string; message?: string };

export function readDeliveries(search: Record<string, unknown>): DeliveriesSearch {
  const found: DeliveriesSearch = {};
  const channel = CHANNELS.find((known) => known === search.channel);
  const state = STATES.find((known) => known === search.state);
  if (channel) found.channel = channel;
  if (state) found.state = state;
  for (const name of ["form", "message"] as const) {
    const value = search[name];
    if (typeof value === "string" || typeof value === "number") found[name] = String(value);
  }
  return found;
}
