import { defaultParseSearch, defaultStringifySearch } from "@tanstack/react-router";
import { expect, test } from "vitest";
import { chosenExperiment, firstGoal, readExperiment, reportSpec, type ExperimentSearch } from "./spec";

const search: ExperimentSearch = {
  experiment: "It's a button",
  control: "7",
  goal: { event: "lead_created", dimension: "channel", value: "cpc" },
  measure: "sum",
  sum_of: "price",
  window: "7d",
  planned: 4_000,
  confidence: 0.9,
  segment: "hot",
  from: "2026-01-01",
  to: "2026-03-31",
};

const found = (name: string) => ({
  name,
  event: "experiment_viewed",
  experiment_property: "experiment",
  variant_property: "variant",
  variants: [
    { name: "7", exposures: 10 },
    { name: "8", exposures: 12 },
  ],
  first_seen: "2026-01-01T00:00:00.000Z",
  last_seen: "2026-02-01T00:00:00.000Z",
});

test("a whole report comes back from the address bar as it went", () => {
  expect(readExperiment(defaultParseSearch(defaultStringifySearch(search)))).toEqual(search);
});

test("what makes no sense in an address, and what is the default anyway, is dropped", () => {
  expect(
    readExperiment({
      experiment: {},
      goal: 3,
      measure: "people",
      sum_of: "x",
      window: "1y",
      planned: 3,
      confidence: 2,
    }),
  ).toEqual({});
});

test("the experiment is named in the condition, its quotes doubled, and the end is the day after the last", () => {
  const days = { from: "2026-01-01", to: "2026-03-31" };
  expect(reportSpec(found("It's a button"), { event: "lead_created" }, search, days, "UTC")).toEqual({
    exposure: { event: "experiment_viewed", where: "json_get(properties, 'experiment') = 'It''s a button'" },
    variant: "properties.variant",
    control: "7",
    goal: { event: "lead_created" },
    measure: "sum",
    sum_of: "properties.price",
    window: "7d",
    planned_people: 4_000,
    confidence: 0.9,
    from: "2026-01-01",
    to: "2026-04-01",
    tz: "UTC",
    segment: "hot",
  });
  expect(reportSpec(found("x"), { event: "" }, {}, days, "UTC")).toBeNull();
  expect(reportSpec(found("x"), { event: "a" }, { control: "9" }, days, "UTC")).not.toHaveProperty("control");
});

test("without a name it is the experiment last seen, and a name that is gone is none", () => {
  const all = [found("new"), found("old")];
  expect(chosenExperiment(all, {})?.name).toBe("new");
  expect(chosenExperiment(all, { experiment: "old" })?.name).toBe("old");
  expect(chosenExperiment(all, { experiment: "gone" })).toBeUndefined();
  expect(firstGoal([{ event: "lead_created", count: 3, last_seen: "" }]).event).toBe("lead_created");
  expect(firstGoal([]).event).toBe("");
});
