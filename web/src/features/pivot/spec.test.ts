import { expect, test } from "vitest";
import { readPivot, reportSpec } from "./spec";

test("a pivot in a URL is read, and nonsense is dropped", () => {
  expect(readPivot({})).toEqual({});
  expect(
    readPivot({
      rows: ["channel", "colour", "channel"],
      columns: ["channel", "month"],
      measures: ["cost", "conversion:car_viewed", "magic", "magic:car", 7],
      filters: [
        { dimension: "model", values: ["Aster", null, 3, {}], exclude: true },
        { dimension: "x", values: [] },
        1,
      ],
      currency: "usd",
      view: "pie",
      sort: { measure: "cpl", column: 2, ascending: true },
      tab: "costs",
      days: 30,
    }),
  ).toEqual({
    rows: ["channel"],
    columns: ["month"],
    measures: ["cost", "conversion:car_viewed"],
    filters: [{ dimension: "model", values: ["Aster", null, "3"], exclude: true }],
    sort: { measure: "cpl", column: 2, ascending: true },
    tab: "costs",
    days: 30,
  });
});

test("the defaults are not written into the URL", () => {
  expect(readPivot({ rows: ["region", "channel"], view: "table" })).toEqual({});
  expect(readPivot({ rows: [] })).toEqual({ rows: [] });
});

test("the report ends on the day after the last one, and empty filters are left out", () => {
  const spec = reportSpec(
    {
      filters: [
        { dimension: "model", values: [] },
        { dimension: "region", values: ["Norvia"] },
      ],
      currency: "USD",
    },
    { from: "2026-01-01", to: "2026-01-31" },
    "Europe/Kyiv",
  );
  expect([spec.from, spec.to, spec.tz, spec.currency]).toEqual(["2026-01-01", "2026-02-01", "Europe/Kyiv", "USD"]);
  expect(spec.filters).toEqual([{ dimension: "region", values: ["Norvia"], exclude: false }]);
  expect(spec.rows).toEqual(["region", "channel"]);
});
