import { expect, test } from "vitest";
import { eventFilter, readChosen } from "./eventFilter";

test("a quote in a value cannot end the text that it stands in", () => {
  expect(eventFilter({ event: "page", dimension: "dealer", value: "O'Neill' OR 1=1 --" }).where).toBe(
    "dealer = 'O''Neill'' OR 1=1 --'",
  );
});

test("an event from an address is narrowed only by what is known", () => {
  expect(readChosen({ event: "page", dimension: "campaign", value: 2026 })).toEqual({
    event: "page",
    dimension: "campaign",
    value: "2026",
  });
  expect(readChosen({ event: "page", dimension: "password", value: "x" })).toEqual({ event: "page" });
  expect(readChosen({ event: 7 })).toBeUndefined();
});
