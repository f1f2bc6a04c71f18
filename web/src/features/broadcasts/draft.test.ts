import { describe, expect, test } from "vitest";
import type { Broadcast } from "./api";
import { newStep, spanOf } from "../../message/chain";
import { blankDraft, broadcastOf, canAsk, draftOf, freeName, problemsOf } from "./draft";
import { fromWall, toWall } from "../../ui/zoned";

const KYIV = "Europe/Kyiv";
const NOW = new Date("2026-11-23T08:00:00Z");

const autumn: Broadcast = {
  broadcast_id: "autumn",
  name: "Autumn service",
  segment_id: "owners",
  excluded_segment_ids: ["staff"],
  purpose: "marketing",
  variants: [
    {
      name: "A",
      share: 450,
      chain: [
        { template_id: "mail", wait_s: 14_400, until: "read" },
        { template_id: "viber", wait_s: 1_800, until: "delivered" },
        { template_id: "sms", wait_s: 0, until: "read" },
      ],
    },
    { name: "B", share: 450, chain: [{ template_id: "mail-b", wait_s: 0, until: "read" }] },
  ],
  holdout: 100,
  starts_at: "2026-11-24T07:30:00.000Z",
  per_minute: 300,
  postpone_s: 86_400,
};

describe("a draft", () => {
  test("comes back from the builder as it went in", () => {
    expect(broadcastOf(draftOf(autumn, KYIV), KYIV)).toEqual(autumn);
    const now = { ...autumn, segment_id: null, starts_at: null, per_minute: null, postpone_s: 0 };
    expect(broadcastOf(draftOf(now, KYIV), KYIV)).toEqual(now);
  });

  test("shows the start by the clock of the installation", () => {
    expect(draftOf(autumn, KYIV).start).toEqual({ kind: "at", wall: "2026-11-24T09:30" });
  });

  test("tells what is missing in the order of the page, and asks as soon as it can", () => {
    const blank = blankDraft("");
    expect(problemsOf(blank, KYIV, NOW)).toEqual(["name", "template", "purpose"]);
    const chosen = {
      ...blankDraft("marketing"),
      variants: [{ key: 1, name: "A", share: 1000, chain: [newStep("m")] }],
    };
    expect(problemsOf(chosen, KYIV, NOW)).toEqual(["name"]);
    expect(canAsk(blank, KYIV, NOW)).toBe(false);
    expect(canAsk(chosen, KYIV, NOW)).toBe(true);
  });

  test("a start in the past, a wait of nothing and two variants of one name are told", () => {
    const draft = draftOf({ ...autumn, starts_at: "2026-11-22T07:30:00.000Z" }, KYIV);
    draft.variants[1] = { ...draft.variants[1]!, name: "A" };
    draft.variants[0]!.chain[0]!.wait = { number: 0, unit: "hour" };
    expect(problemsOf(draft, KYIV, NOW)).toEqual(["variant_name", "wait", "starts_past"]);
  });

  test("a variant more is called by the next letter that is free", () => {
    expect(freeName(draftOf(autumn, KYIV).variants)).toBe("C");
  });
});

test("lengths of time are told in the largest unit that they fill", () => {
  expect([60, 1_800, 14_400, 86_400, 90_000, 0].map(spanOf)).toEqual([
    { number: 1, unit: "minute" },
    { number: 30, unit: "minute" },
    { number: 4, unit: "hour" },
    { number: 1, unit: "day" },
    { number: 25, unit: "hour" },
    { number: 0, unit: "minute" },
  ]);
});

describe("the clock on a wall", () => {
  test("summer and winter differ", () => {
    expect(fromWall("2026-07-01T09:00", KYIV)).toBe("2026-07-01T06:00:00.000Z");
    expect(fromWall("2026-12-01T09:00", KYIV)).toBe("2026-12-01T07:00:00.000Z");
  });

  test("there and back, on the day of a change too", () => {
    for (const wall of ["2026-03-29T01:59", "2026-03-29T04:00", "2026-10-25T05:00", "2026-10-24T23:30"]) {
      expect(toWall(fromWall(wall, KYIV) ?? "", KYIV)).toBe(wall);
    }
  });

  test("what is no time is none", () => {
    expect(fromWall("", KYIV)).toBeNull();
  });
});
