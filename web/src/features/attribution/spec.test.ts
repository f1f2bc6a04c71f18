import { defaultParseSearch, defaultStringifySearch } from "@tanstack/react-router";
import { expect, test } from "vitest";
import { readAttribution, reportSpec, type AttributionSearch } from "./spec";

const search: AttributionSearch = {
  conversion: { event: "lead_created", dimension: "channel", value: "cpc" },
  by: ["channel", "campaign"],
  lookback: "730d",
  half_life: "30d",
  ends: 30,
  order: 2,
  figure: "romi",
  models: ["first", "markov"],
  days: 365,
};

test("a whole report comes back from the address bar as it went", () => {
  expect(readAttribution(defaultParseSearch(defaultStringifySearch(search)))).toEqual(search);
});

test("what makes no sense in an address, and what is the default anyway, is dropped", () => {
  const given = { by: ["shoe_size"], lookback: "365d", ends: 80, order: 9, figure: "conversions", models: "first" };
  expect(readAttribution(given)).toEqual({});
});

test("without an event confirmed orders are asked for", () => {
  const days = { from: "2026-01-01", to: "2026-03-31" };
  expect(reportSpec({}, days, "UTC")).toEqual({
    by: ["channel"],
    lookback: "365d",
    half_life: "7d",
    position: [0.4, 0.4],
    order: 1,
    from: "2026-01-01",
    to: "2026-04-01",
    tz: "UTC",
  });
  expect(reportSpec(search, days, "UTC")?.conversion).toEqual({ event: "lead_created", where: "channel = 'cpc'" });
  expect(reportSpec({ conversion: { event: "" } }, days, "UTC")).toBeNull();
});
