import { expect, test } from "vitest";
import { addressOf, inLanguage, newForm, smsPreview, smsSize } from "./draft";

test("an SMS is counted as it is paid", () => {
  expect(smsSize("a".repeat(160))).toEqual({ characters: 160, parts: 1 });
  expect(smsSize("a".repeat(161))).toEqual({ characters: 161, parts: 2 });
  expect(smsSize("€".repeat(80)).parts).toBe(1);
  expect(smsSize("€".repeat(81)).parts).toBe(2);
  expect(smsSize("я".repeat(70)).parts).toBe(1);
  expect(smsSize("я".repeat(71)).parts).toBe(2);
});

test("a change of language leaves one's own words alone", () => {
  const form = { ...newForm("en", "Call back"), title: "Ring me" };
  const russian = inLanguage(form, "ru");
  expect(russian.title).toBe("Ring me");
  expect(russian.button).toBe("Позвоните мне");
  expect(russian.fields[0]?.label).toBe("Телефон");
  expect(inLanguage(russian, "en")).toEqual(form);
});

test("addresses are made of what may stand in them", () => {
  expect(addressOf("  Call back, Köln 2! ")).toBe("call-back-ko-ln-2");
  expect(addressOf("Перезвоните")).toBe("");
});

test("places are filled", () => {
  expect(smsPreview("{name}, we call {phone}", "Ana")).toBe("Ana, we call +7 912 345-67-89");
});
