import { expect, test } from "vitest";
import type { LiveEvent } from "../../api/types";
import { changeFeed, emptyFeed, isShown, KEPT_EVENTS, type FeedChange } from "./feed";

const event = (offset: number, change: Partial<LiveEvent> = {}): LiveEvent => ({
  offset: String(offset),
  received_at: "2026-01-01T10:00:00.000Z",
  ts: "2026-01-01T10:00:00.000Z",
  source: "Website",
  event: "car_viewed",
  type: "track",
  profile_id: "1",
  identifiers: [{ kind: "email", value: "Ana@example.com" }],
  verdict: "accepted",
  reason: null,
  channel: "cpc",
  raw: { properties: { model: "Aster" } },
  ...change,
});

const after = (...changes: FeedChange[]) => changes.reduce(changeFeed, emptyFeed);
const arrived = (...offsets: number[]): FeedChange => ({
  kind: "arrived",
  events: offsets.map((offset) => event(offset)),
});
const offsets = (events: LiveEvent[]) => events.map(({ offset }) => Number(offset));

test("newest first, and what comes twice is shown once", () => {
  const feed = after(arrived(2, 1), arrived(3), { kind: "recent", events: [event(3), event(2), event(1), event(0)] });
  expect(offsets(feed.shown)).toEqual([3, 2, 1, 0]);
});

test("what was missed while the line was broken takes its place", () => {
  const feed = after(
    arrived(9),
    arrived(11),
    { kind: "recent", events: [event(11), event(10), event(9), event(8)] },
    arrived(100),
  );
  expect(offsets(feed.shown)).toEqual([100, 11, 10, 9, 8]);
});

test("while paused the list stands still; resuming shows what waited", () => {
  const paused = after(arrived(1), { kind: "pause" }, arrived(2), arrived(4, 3));
  expect(offsets(paused.shown)).toEqual([1]);
  expect(offsets(paused.held)).toEqual([4, 3, 2]);
  const resumed = changeFeed(paused, { kind: "resume" });
  expect(offsets(resumed.shown)).toEqual([4, 3, 2, 1]);
  expect(resumed.held).toEqual([]);
});

test("only so many events are kept", () => {
  const many = Array.from({ length: KEPT_EVENTS + 50 }, (_, at) => event(at));
  expect(after({ kind: "arrived", events: many }).shown).toHaveLength(KEPT_EVENTS);
});

test("a filter looks at the whole event, in any case", () => {
  const one = event(1);
  expect(isShown(one, { text: "ana@EXAMPLE" })).toBe(true);
  expect(isShown(one, { text: "aster" })).toBe(true);
  expect(isShown(one, { text: "belva" })).toBe(false);
  expect(isShown(one, { verdict: "refused" })).toBe(false);
  expect(isShown(one, { event: "car_viewed", source: "Website" })).toBe(true);
  expect(isShown(one, { event: "page" })).toBe(false);
});
