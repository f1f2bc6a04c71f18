import { defaultParseSearch, defaultStringifySearch } from "@tanstack/react-router";
import { expect, test } from "vitest";
import { examples, firstEvents, readRetention, reportSpec, type RetentionSearch } from "./spec";

const search: RetentionSearch = {
  cohort: { event: "lead_created", dimension: "channel", value: "cpc" },
  back: { event: "test_drive_done" },
  grain: "month",
  entry: "each",
  count: "after",
  by: "region",
  segment: "hot",
  from: "2026-01-01",
  to: "2026-03-31",
};

test("a whole report comes back from the address bar as it went", () => {
  expect(readRetention(defaultParseSearch(defaultStringifySearch(search)))).toEqual(search);
});

test("what makes no sense in an address, and what is the default anyway, is dropped", () => {
  expect(readRetention({ cohort: 7, back: {}, grain: "hour", entry: "first", count: "on", by: "shoe_size" })).toEqual(
    {},
  );
});

test("the report's end is the day after the last", () => {
  const events = { cohort: { event: "a" }, back: { event: "b" } };
  expect(reportSpec(events, search, { from: "2026-01-01", to: "2026-03-31" }, "UTC")).toEqual({
    cohort: { event: "a" },
    return: { event: "b" },
    grain: "month",
    entry: "each",
    periods: 12,
    from: "2026-01-01",
    to: "2026-04-01",
    tz: "UTC",
    by: ["region"],
    segment: "hot",
  });
  expect(reportSpec({ ...events, back: { event: "" } }, {}, { from: "", to: "" }, "UTC")).toBeNull();
});

test("examples are those that the events allow", () => {
  const events = (names: string[]) =>
    names.map((event, at) => ({ event, count: 100 - at, last_seen: "2026-01-01T00:00:00.000Z" }));
  expect(examples(events(["delivered", "service_visit"])).map(({ key }) => key)).toEqual(["service"]);
  expect(firstEvents(events(["cart", "payment"])).back).toEqual({ event: "cart" });
  expect(firstEvents([]).cohort).toEqual({ event: "" });
});
