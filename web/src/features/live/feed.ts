import type { LiveEvent } from "../../api/types";
import type { LiveSearch } from "./search";

/** Events kept on screen; older ones are in reports. */
export const KEPT_EVENTS = 1_000;

/**
 * The events that came in, newest first, and what is known of the line they come through.
 *
 * While paused, events wait in `held` and the list stands still.
 */
export type Feed = {
  shown: LiveEvent[];
  held: LiveEvent[];
  mode: "running" | "paused";
  line: "connecting" | "open" | "broken";
};

export type FeedChange =
  | { kind: "recent"; events: LiveEvent[] }
  | { kind: "arrived"; events: LiveEvent[] }
  | { kind: "line"; line: Feed["line"] }
  | { kind: "pause" }
  | { kind: "resume" };

export const emptyFeed: Feed = { shown: [], held: [], mode: "running", line: "connecting" };

export function changeFeed(feed: Feed, change: FeedChange): Feed {
  switch (change.kind) {
    case "recent":
      return { ...feed, shown: newestFirst(feed.shown, change.events) };
    case "arrived":
      return feed.mode === "paused"
        ? { ...feed, held: newestFirst(change.events, feed.held) }
        : { ...feed, shown: newestFirst(change.events, feed.shown) };
    case "line":
      return { ...feed, line: change.line };
    case "pause":
      return { ...feed, mode: "paused" };
    case "resume":
      return { ...feed, mode: "running", shown: newestFirst(feed.held, feed.shown), held: [] };
  }
}

/** Joins two lists in the order of the log, without what both hold: a line that reconnects repeats itself. */
function newestFirst(some: LiveEvent[], others: LiveEvent[]): LiveEvent[] {
  const joined = new Map([...others, ...some].map((event) => [eventKey(event), event]));
  return [...joined.values()].sort(byOffset).slice(0, KEPT_EVENTS);
}

/** Offsets are whole numbers as text, too long for a number: of two, the longer is the greater. */
function byOffset(a: LiveEvent, b: LiveEvent): number {
  return b.offset.length - a.offset.length || (a.offset < b.offset ? 1 : a.offset > b.offset ? -1 : 0);
}

/** A refused event has no place in the log: its time and its words tell it apart. */
export function eventKey(event: LiveEvent): string {
  return event.verdict === "accepted"
    ? event.offset
    : `${event.offset}|${event.received_at}|${event.event}|${event.reason}`;
}

export function isShown(event: LiveEvent, { text, event: name, source, verdict }: LiveSearch): boolean {
  if (name && event.event !== name) return false;
  if (source && event.source !== source) return false;
  if (verdict && event.verdict !== verdict) return false;
  return !text || searchable(event).includes(text.toLowerCase());
}

// Rows are filtered again with every key stroke; an event's own text never changes.
const searchableTexts = new WeakMap<LiveEvent, string>();

function searchable(event: LiveEvent): string {
  let text = searchableTexts.get(event);
  if (text === undefined) {
    text = JSON.stringify([event.event, event.source, event.channel, event.identifiers, event.raw]).toLowerCase();
    searchableTexts.set(event, text);
  }
  return text;
}
