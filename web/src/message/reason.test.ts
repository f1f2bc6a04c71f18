import type { TFunction } from "i18next";
import i18next from "i18next";
import { beforeAll, expect, test } from "vitest";
import en from "../locales/en.json";
import { reasonText, suppressionText } from "./reason";

let t: TFunction;
beforeAll(async () => {
  t = await i18next
    .createInstance()
    .init({ lng: "en", resources: { en: { translation: en } }, interpolation: { escapeValue: false } });
});

test("a code is told in words, what is behind its colon too", () => {
  expect(reasonText(t, "no_consent")).toBe("no consent");
  expect(reasonText(t, "cap:week")).toBe("too many messages: week");
  expect(reasonText(t, "budget:sms")).toBe("the day's budget is spent: SMS");
  expect(reasonText(t, "suppressed_address:bounced")).toBe("suppressed address: bounced");
  expect(reasonText(t, "suppressed_address:asked on the phone")).toBe("suppressed address: asked on the phone");
  expect(reasonText(t, "unknown_purpose:spring")).toBe("unknown purpose: spring");
});

test("what switches say is told in words", () => {
  expect(reasonText(t, "safe mode")).toBe("safe mode");
  expect(reasonText(t, "all sending is stopped")).toBe("all sending is stopped");
  expect(reasonText(t, "a repeat within 10 minutes")).toBe("a repeat within 10 minutes");
});

test("what another side says stays as it is", () => {
  expect(reasonText(t, "550 5.1.1: no such user")).toBe("550 5.1.1: no such user");
  expect(reasonText(t, "")).toBe("");
  expect(reasonText(t, "constructor")).toBe("constructor");
  expect(suppressionText(t, "asked on the phone")).toBe("asked on the phone");
});
