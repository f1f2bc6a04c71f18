import type { Delivery, DeliveryDetail, MessageState as KnownState } from "../../api/types";
import { MESSAGE_CHANNELS, readChannel, type MessageChannel } from "../../message/channels";

// What openapi.json does not tell yet: until it does, these stand in the place of the generated types.
export type MessageState = KnownState | "postponed";
export type Message = Omit<Delivery, "message_channel" | "state"> & {
  message_channel: MessageChannel;
  state: MessageState;
  purpose?: string | null;
  variant?: string | null;
  read_at?: string | null;
  clicked_at?: string | null;
  /** When it is decided on again, or sent. */
  due_at?: string | null;
};
export type MessageDetail = Omit<DeliveryDetail, "message"> & { message: Message };

export const CHANNELS = MESSAGE_CHANNELS;
export const STATES: MessageState[] = [
  "pending",
  "postponed",
  "sent",
  "delivered",
  "undelivered",
  "failed",
  "unknown",
  "held",
  "suppressed",
];

/** What of the deliveries is shown; every part is optional. `definition`: what they come from, such as `broadcast:spring`. */
export type DeliveriesSearch = {
  channel?: MessageChannel;
  state?: MessageState;
  form?: string;
  definition?: string;
  message?: string;
};

export function readDeliveries(search: Record<string, unknown>): DeliveriesSearch {
  const found: DeliveriesSearch = {};
  const channel = readChannel(search.channel);
  const state = STATES.find((known) => known === search.state);
  if (channel) found.channel = channel;
  if (state) found.state = state;
  for (const name of ["form", "definition", "message"] as const) {
    const value = search[name];
    if (typeof value === "string" || typeof value === "number") found[name] = String(value);
  }
  return found;
}
