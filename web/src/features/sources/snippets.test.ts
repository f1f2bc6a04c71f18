import { expect, test } from "vitest";
import { snippets } from "./snippets";

const all = snippets("https://cdp.example.com:8443", "wk_1");

test("every snippet but the pixel, which hides it, shows host and key", () => {
  for (const { id, code } of all.filter(({ id }) => id !== "pixel")) {
    expect(code, id).toContain("wk_1");
    expect(code, id).toContain("cdp.example.com:8443");
  }
});

test("the browser library gets host, path and scheme apart", () => {
  const code = all.find(({ id }) => id === "analytics-next")?.code;
  expect(code).toContain("apiHost: 'cdp.example.com:8443/v1', protocol: 'https'");
});

test("the pixel's data is an event that can be read back", () => {
  const code = all.find(({ id }) => id === "pixel")?.code ?? "";
  const data = decodeURIComponent(/data=([^"]+)"/.exec(code)?.[1] ?? "");
  expect(JSON.parse(atob(data))).toEqual({ writeKey: "wk_1", userId: "customer-1", event: "email_opened" });
});
