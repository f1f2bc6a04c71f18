import i18next from "i18next";
import { beforeAll, expect, test } from "vitest";
import en from "../locales/en.json";
import { label } from "./labels";

beforeAll(async () => {
  await i18next.init({ lng: "en", resources: { en: { translation: en } } });
});

test("a known name has the reader's words, another is made readable", () => {
  expect(label("event", "test_drive_done")).toBe("Test drive done");
  expect(label("channel", "cpc")).toBe("Search ads");
  expect(label("event", "brochure_sent_by-post")).toBe("Brochure sent by post");
});

test("no name from data finds more than words", () => {
  for (const name of ["constructor", "toString", "car.viewed", "ns:key", "{{count}}"]) {
    expect(label("event", name).toLowerCase()).toBe(name.toLowerCase());
  }
});
