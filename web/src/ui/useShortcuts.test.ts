import { expect, test } from "vitest";
import { KeySequence } from "./useShortcuts";

const actions = { "g o": "overview", "/": "search" };

test("two keys in a row, one key alone", () => {
  const keys = new KeySequence();
  expect(keys.press("g", 0, actions)).toBeUndefined();
  expect(keys.press("o", 300, actions)).toBe("overview");
  expect(keys.press("/", 5_000, actions)).toBe("search");
});

test("a second key that comes late starts anew", () => {
  const keys = new KeySequence();
  keys.press("g", 0, actions);
  expect(keys.press("o", 1_500, actions)).toBeUndefined();
});
