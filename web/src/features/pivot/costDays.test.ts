import { expect, test } from "vitest";
import type { PivotReport } from "../../api/types";
import { channelsOf } from "./costDays";

test("a day between two with costs and without any of its own is a gap", () => {
  const days = ["2026-03-01", "2026-03-02", "2026-03-04"];
  const report = {
    measures: ["cost", "impressions", "clicks", "cost_lines"].map((measure) => ({ measure })),
    column_keys: days.map((day) => [day]),
    lines: [
      {
        key: ["cpc"],
        total: [7, 10, 1, 3],
        cells: [
          [5, 10, 1, 2],
          [0, 0, 0, 0],
          [2, 0, 0, 1],
        ],
      },
      {
        key: ["email"],
        total: [0, 0, 0, 1],
        cells: [
          [0, 0, 0, 0],
          [0, 0, 0, 1],
          [0, 0, 0, 0],
        ],
      },
    ],
  } as unknown as PivotReport;
  const [cpc, email] = channelsOf(report, { from: "2026-03-01", to: "2026-03-05" });
  expect(cpc?.gaps).toEqual(["2026-03-02", "2026-03-03"]);
  expect([cpc?.last, cpc?.sum.cost, cpc?.byDay.size]).toEqual(["2026-03-04", 7, 2]);
  expect(email?.gaps, "a day that cost nothing is no gap").toEqual([]);
  expect(email?.byDay.get("2026-03-02")).toEqual({ cost: 0, impressions: 0, clicks: 0 });
});
