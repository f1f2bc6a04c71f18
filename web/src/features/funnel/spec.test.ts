import { defaultParseSearch, defaultStringifySearch } from "@tanstack/react-router";
import { expect, test } from "vitest";
import { firstSteps, movedStep, readFunnel, reportSpec, type FunnelSearch } from "./spec";

const funnel: FunnelSearch = {
  steps: [
    { event: "car_viewed" },
    { event: "lead_created", dimension: "channel", value: "cpc" },
    { event: 'Заявка & "сделка"', dimension: "dealer" },
  ],
  window: "30d",
  by: "region",
  from: "2026-01-01",
  to: "2026-03-31",
};

test("a whole funnel comes back from the address bar as it went", () => {
  expect(readFunnel(defaultParseSearch(defaultStringifySearch(funnel)))).toEqual(funnel);
});

test("what makes no sense in an address is dropped", () => {
  expect(
    readFunnel({
      steps: [{ event: 7 }, null, "x", { event: "page", dimension: "password", value: "x" }],
      window: "soon",
      by: "shoe_size",
    }),
  ).toEqual({
    steps: [{ event: "page" }],
  });
  expect(readFunnel({ steps: "car_viewed" })).toEqual({});
});

test("a value that looks like a number stays the text that it is", () => {
  expect(readFunnel({ steps: [{ event: "page", dimension: "campaign", value: 2026 }] }).steps).toEqual([
    { event: "page", dimension: "campaign", value: "2026" },
  ]);
});

const asked = (search: FunnelSearch) =>
  reportSpec(search.steps ?? [], search, { from: "2026-01-01", to: "2026-03-31" }, "Europe/Kyiv");

test("what narrows a funnel comes back from the address, and stands in what is asked", () => {
  const narrowed: FunnelSearch = {
    steps: [{ event: "car_viewed" }, { event: "lead_created" }, { event: "delivered" }],
    by: "channel",
    at: 2,
    exclusions: [{ event: "lead_lost" }, { event: "page", dimension: "region", value: "North", after: 2 }],
    hold: "lead",
    order: "strict_increase",
    versus: "previous",
    trend: "month",
  };
  expect(readFunnel(defaultParseSearch(defaultStringifySearch(narrowed)))).toEqual(narrowed);
  expect(asked(narrowed)).toMatchObject({
    by: ["channel"],
    by_step: 2,
    exclusions: [{ event: "lead_lost" }, { event: "page", where: "region = 'North'", after: 2, before: 3 }],
    hold: ["properties.lead_id"],
    modes: ["strict_increase"],
    compare: "previous",
    trend: "month",
  });
  expect(asked({ ...narrowed, at: "last", versus: "everybody" })).toMatchObject({
    by_touch: "last",
    versus: "everybody",
  });
});

test("what a funnel has no room for is not asked", () => {
  const short: FunnelSearch = {
    steps: [{ event: "page" }],
    exclusions: [{ event: "x" }, { event: "" }],
    by: "model",
    at: 3,
  };
  expect(asked(short)).not.toHaveProperty("exclusions");
  expect(asked(short)).not.toHaveProperty("by_step");
  expect(readFunnel({ at: 2, exclusions: [{ event: "x", after: "soon" }], hold: "mood", order: "loose" })).toEqual({
    exclusions: [{ event: "x" }],
  });
});

test("the report's end is the day after the last, and a filter is a condition", () => {
  expect(asked(funnel)).toEqual({
    steps: [
      { event: "car_viewed" },
      { event: "lead_created", where: "channel = 'cpc'" },
      { event: 'Заявка & "сделка"' },
    ],
    window: "30d",
    from: "2026-01-01",
    to: "2026-04-01",
    tz: "Europe/Kyiv",
    by: ["region"],
    trend: "week",
  });
});

test("a quote in a value cannot end the text that it stands in", () => {
  const spec = asked({ steps: [{ event: "page", dimension: "dealer", value: "O'Neill' OR 1=1 --" }] });
  expect(spec?.steps[0]?.where).toBe("dealer = 'O''Neill'' OR 1=1 --'");
});

test("nothing is asked while a step has no event", () => {
  expect(asked({ steps: [{ event: "page" }, { event: "" }] })).toBeNull();
  expect(asked({})).toBeNull();
});

test("a funnel begins with the usual way of a buyer, else with what is frequent", () => {
  const events = (names: string[]) =>
    names.map((event, at) => ({ event, count: 100 - at, last_seen: "2026-01-01T00:00:00.000Z" }));
  expect(firstSteps(events(["page", "lead_created", "car_viewed"]))).toEqual([
    { event: "car_viewed" },
    { event: "lead_created" },
  ]);
  expect(firstSteps(events(["catalog", "cart", "payment", "main"]))).toEqual([
    { event: "catalog" },
    { event: "cart" },
    { event: "payment" },
  ]);
});

test("steps change places and never fall off the end", () => {
  const steps = [{ event: "a" }, { event: "b" }, { event: "c" }];
  expect(movedStep(steps, 2, 0).map(({ event }) => event)).toEqual(["c", "a", "b"]);
  expect(movedStep(steps, 0, -1)).toBe(steps);
  expect(movedStep(steps, 2, 3)).toBe(steps);
});
