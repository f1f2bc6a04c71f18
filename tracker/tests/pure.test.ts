import { describe, expect, it } from "vitest";

import { campaign, clickIds, fingerprint, googleClientId, hash } from "../src/campaign";
import { isCardNumber } from "../src/form";
import { isOwn, put, read, write } from "../src/link";
import { endpointBeside } from "../src/settings";

const query = (text: string) => new URLSearchParams(text);
const id = "0123456789abcdef0123456789abcdef";
const session = "f".repeat(32);

describe("campaign", () => {
  it("reads marks and click ids, and nothing of an address without any", () => {
    expect(campaign(query("utm_source=g&utm_medium=cpc&utm_campaign=spring&utm_term="))).toEqual({ source: "g", medium: "cpc", name: "spring" });
    expect(clickIds(query("gclid=1&yclid=2&x=3"))).toEqual({ gclid: "1", yclid: "2" });
    expect([campaign(query("a=b")), clickIds(query("gclid="))]).toEqual([undefined, undefined]);
  });

  it("tells campaigns apart, and knows one again", () => {
    expect(fingerprint(query("a=1"))).toBe("");
    expect(fingerprint(query("utm_source=a&x=1"))).toBe(fingerprint(query("x=2&utm_source=a")));
    expect(fingerprint(query("utm_source=a"))).not.toBe(fingerprint(query("utm_source=b")));
    expect(fingerprint(query("gclid=1"))).not.toBe(fingerprint(query("gclid=2")));
  });

  it("finds Google's client id in its cookie", () => {
    expect(googleClientId("GA1.1.123.456")).toBe("123.456");
    expect([googleClientId("nonsense"), googleClientId(undefined)]).toEqual([undefined, undefined]);
  });

  it("spreads", () => {
    expect(new Set(Array.from({ length: 10_000 }, (_, n) => hash(`text ${n}`))).size).toBe(10_000);
  });
});

describe("link", () => {
  const now = Date.UTC(2026, 2, 1);
  const value = write({ id, session }, now, "browser");

  it("is good for two minutes, in one browser, unchanged", () => {
    expect(read(value, now + 119_000, "browser")).toEqual({ id, session });
    expect(read(value, now + 121_000, "browser")).toBeUndefined();
    expect(read(value, now - 60_000, "browser"), "from the future").toBeUndefined();
    expect(read(value, now, "another browser")).toBeUndefined();
    expect(read(value.replace("0", "1"), now, "browser")).toBeUndefined();
    for (const nonsense of [null, "", "...", "a.b.c.d", `${value}.x`.slice(5)]) expect(read(nonsense, now, "browser")).toBeUndefined();
  });

  it("comes into an address and out of it without a trace", () => {
    for (const href of ["https://b.example/", "/a?x=1#top", "/a?x=%D0%B2&y=a+b", "/a#x?y", "?", ""]) {
      const clean = href === "?" ? "" : href;
      expect(put(put(href, value))).toBe(clean);
      expect(put(href, value).split("_fcl=").length, href).toBe(2);
      expect(put(put(href, "old"), value).split("_fcl=").length, href).toBe(2);
    }
  });

  it("goes to one's own other domains only", () => {
    const domains = ["brand.example", "dealer.example"];
    expect(isOwn("dealer.example", domains, "brand.example")).toBe(true);
    expect(isOwn("north.dealer.example", domains, "brand.example")).toBe(true);
    expect(isOwn("brand.example", domains, "brand.example")).toBe(false);
    expect(isOwn("evildealer.example", domains, "brand.example")).toBe(false);
  });
});

describe("form", () => {
  it("knows card numbers", () => {
    for (const number of ["4111 1111 1111 1111", "5500-0000-0000-0004", "378282246310005"]) expect(isCardNumber(number)).toBe(true);
    for (const other of ["4111 1111 1111 1112", "+380 44 123 45 67", "12345", "", "VF1RFB00066123456"]) expect(isCardNumber(other)).toBe(false);
  });
});

describe("settings", () => {
  it("sends beside the script", () => {
    expect(endpointBeside("https://cdp.example.com/t.js")).toBe("https://cdp.example.com/v1/batch");
    expect(endpointBeside("https://www.shop.example/x/shop.js?v=1")).toBe("https://www.shop.example/x/shop");
  });
});
