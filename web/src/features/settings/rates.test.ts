import { expect, test } from "vitest";
import { readRates } from "./rates";

test("pasted rates are read, whatever sets the columns apart", () => {
  const { rates, bad } = readRates(
    'base,currency,day,rate\nEUR,USD,2026-01-31,1.08\n\nEUR;gbp;31.01.2026;0,85\nUSD\tRUB\t2026-02-01\t90,5\n"EUR","CNY","2026-02-01","7.8"\n',
  );
  expect(bad).toEqual([]);
  expect(rates).toEqual([
    { base: "EUR", currency: "USD", day: "2026-01-31", rate: 1.08 },
    { base: "EUR", currency: "GBP", day: "2026-01-31", rate: 0.85 },
    { base: "USD", currency: "RUB", day: "2026-02-01", rate: 90.5 },
    { base: "EUR", currency: "CNY", day: "2026-02-01", rate: 7.8 },
  ]);
});

test("what is no rate is told with its line", () => {
  const { rates, bad } = readRates(
    "EUR,USD,2026-02-30,1\nEUR,EUR,2026-01-01,1\nEUR,USD,2026-01-01,-1\nEUR,USD,soon,1\nEURO,USD,2026-01-01,1\nEUR,USD,2026-01-01,1,08",
  );
  expect(rates).toEqual([]);
  expect(bad.map(({ line }) => line)).toEqual([1, 2, 3, 4, 5, 6]);
});
