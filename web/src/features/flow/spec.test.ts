import { defaultParseSearch, defaultStringifySearch } from "@tanstack/react-router";
import { expect, test } from "vitest";
import { examples, firstWay, readFlow, reportSpec, type FlowSearch } from "./spec";

const search: FlowSearch = {
  stages: [{ event: "lead_created", dimension: "channel", value: "cpc" }, { event: "delivered" }],
  lost: [],
  per: "",
  within: "7d",
  by: ["region", "dealer"],
  stage: 2,
  days: 365,
};

test("a whole report comes back from the address bar as it went", () => {
  expect(readFlow(defaultParseSearch(defaultStringifySearch(search)))).toEqual(search);
});

test("what makes no sense in an address, and what is the default anyway, is dropped", () => {
  const given = { stages: 7, lost: "x", per: 3, within: "soon", by: ["shoe_size"], stage: 1 };
  expect(readFlow(given)).toEqual({});
  expect(readFlow({ within: "30d", by: ["model", "model", "region", "channel"] })).toEqual({ by: ["model", "region"] });
});

test("the report's end is the day after the last", () => {
  const way = { stages: [{ event: "a" }, { event: "b" }], lost: [{ event: "c" }], per: "lead_id" };
  expect(reportSpec(way, {}, { from: "2026-01-01", to: "2026-03-31" }, "UTC")).toEqual({
    stages: [{ event: "a" }, { event: "b" }],
    lost: [{ event: "c" }],
    per: "lead_id",
    within: "30d",
    from: "2026-01-01",
    to: "2026-04-01",
    tz: "UTC",
    by: [],
  });
  expect(reportSpec({ ...way, lost: [{ event: "" }] }, {}, { from: "", to: "" }, "UTC")).toBeNull();
  expect(reportSpec({ ...way, stages: [{ event: "a" }] }, {}, { from: "", to: "" }, "UTC")).toBeNull();
});

test("examples are those that the events allow", () => {
  const events = (names: string[]) =>
    names.map((event, at) => ({ event, count: 100 - at, last_seen: "2026-01-01T00:00:00.000Z" }));
  expect(examples(events(["contract_signed", "delivered", "order_cancelled"])).map(({ key }) => key)).toEqual([
    "leads",
    "delivery",
  ]);
  expect(firstWay(events(["cart", "payment", "visit"])).stages).toEqual([{ event: "cart" }, { event: "payment" }]);
  expect(firstWay([]).stages).toEqual([]);
});
