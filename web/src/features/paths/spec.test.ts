import { defaultParseSearch, defaultStringifySearch } from "@tanstack/react-router";
import { expect, test } from "vitest";
import { examples, firstSearch, readPaths, reportSpec, usualNoise, type PathsSearch } from "./spec";

const search: PathsSearch = {
  anchor: { event: "lead_created", dimension: "channel", value: "cpc" },
  back: true,
  steps: 6,
  without: ["identify"],
  split: "properties.model",
  window: "7d",
  gap: "30m",
  repeats: true,
  top: 12,
  goal: { event: "contract_signed" },
  from: "2026-01-01",
  to: "2026-03-31",
};

test("a whole report comes back from the address bar as it went", () => {
  expect(readPaths(defaultParseSearch(defaultStringifySearch(search)))).toEqual(search);
});

test("what makes no sense in an address, and what is the default anyway, is dropped", () => {
  const given = { anchor: 7, back: "yes", steps: 11, without: "x", split: "colour", window: "1y", gap: 3, top: 7 };
  expect(readPaths(given)).toEqual({});
  expect(readPaths({ steps: 4, window: "30d", top: 8, without: [1, "a"] })).toEqual({ without: ["a"] });
});

test("the report's end is the day after the last", () => {
  expect(reportSpec({ event: "a" }, ["noise"], search, { from: "2026-01-01", to: "2026-03-31" }, "UTC")).toEqual({
    end: { event: "a" },
    steps: 6,
    without: ["noise"],
    split: "properties.model",
    window: "7d",
    gap: "30m",
    collapse: false,
    top: 12,
    sequences: 20,
    goal: { event: "contract_signed" },
    from: "2026-01-01",
    to: "2026-04-01",
    tz: "UTC",
  });
  expect(reportSpec({ event: "" }, [], {}, { from: "", to: "" }, "UTC")).toBeNull();
});

test("a report begins with what the events allow", () => {
  const events = (names: string[]) =>
    names.map((event, at) => ({ event, count: 100 - at, last_seen: "2026-01-01T00:00:00.000Z" }));
  expect(examples(events(["page_viewed"])).map(({ key, search: { goal } }) => [key, goal])).toEqual([
    ["visit", undefined],
  ]);
  expect(firstSearch(events(["cart", "payment"])).anchor).toEqual({ event: "cart" });
  expect(firstSearch([]).anchor).toEqual({ event: "" });
  expect(usualNoise(events(["cart", "identify"]))).toEqual(["identify"]);
});
