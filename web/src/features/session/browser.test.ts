import { expect, test } from "vitest";
import { browserOf } from "./browser";

test("browsers and systems are told by name", () => {
  const names = (agent: string) => Object.values(browserOf(agent)).join(" ");
  expect(
    names(
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36 Edg/131.0",
    ),
  ).toBe("Edge Windows false");
  expect(
    names(
      "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Mobile/15E148 Safari/604.1",
    ),
  ).toBe("Safari iPhone true");
  expect(names("Mozilla/5.0 (Linux; Android 14) Chrome/131.0 YaBrowser/24.1 Mobile Safari/537.36")).toBe(
    "Yandex Browser Android true",
  );
  expect(names("something else")).toBe("  false");
});
