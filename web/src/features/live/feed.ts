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

/** Joins two lists, each newest first, without what both hold: a line that reconnects repeats itself. */
function newestFirst(newer: LiveEvent[], older: LiveEvent[]): LiveEvent[] {
  const seen = new Set<string>();
  const joined: LiveEvent[] = [];
  for (const event of [...newer, ...older]) {
    const key = eventKey(event);
    if (seen.has(key)) continue;
    seen.add(key);
    joined.push(event);
    if (joined.length === KEPT_EVENTS) break;
  }
  return joined;
}

/** A refused event has no place in the log: its time and its words tell it apart. */
export function eventKey(event: LiveEvent): string {
  return event.verdict === "accepted" ? event.offset : `${event.offset}|${event.received_at}|${event.event}|${event.reason}`;
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
