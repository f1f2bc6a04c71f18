import { expect, test } from "vitest";
import type { PivotReport } from "../../api/types";
import { csvOf } from "./csv";

test("every line and column is a row, and no cell is a formula", () => {
  const report = {
    rows: ["region"],
    columns: ["channel"],
    measures: [{ measure: "cost" }, { measure: "romi" }],
    currency: "EUR",
    column_keys: [["=cmd()"], [null]],
    lines: [
      {
        key: ['Nor,"via"'],
        total: [3, null],
        cells: [
          [1, -0.5],
          [2, null],
        ],
      },
    ],
    total: {
      key: [],
      total: [3, null],
      cells: [
        [1, -0.5],
        [2, null],
      ],
    },
  } as unknown as PivotReport;
  expect(csvOf(report, { all: "(all)", none: "(none)" }).split("\r\n")).toEqual([
    "region,channel,cost,romi,currency",
    `"Nor,""via""",'=cmd(),1,-0.5,EUR`,
    '"Nor,""via""",(none),2,,EUR',
    '"Nor,""via""",(all),3,,EUR',
    "(all),'=cmd(),1,-0.5,EUR",
    "(all),(none),2,,EUR",
    "(all),(all),3,,EUR",
    "",
  ]);
});
