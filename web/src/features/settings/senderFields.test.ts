import { expect, test } from "vitest";
import { settingAt, settingsToSave, withSetting } from "./senderFields";

test("a name with dots leads inside, and makes the way where there is none", () => {
  const named = withSetting({ host: "smtp.example.com" }, "dkim.0.domain", "example.com");
  const whole = withSetting(named, "dkim.0.selector", "fc");
  expect(whole).toEqual({ host: "smtp.example.com", dkim: [{ domain: "example.com", selector: "fc" }] });
  expect(settingAt(whole, "dkim.0.selector")).toBe("fc");
  expect(settingAt({}, "dkim.0.selector")).toBeUndefined();
});

test("what else is in a list stays, and what was emptied goes", () => {
  const settings = {
    dkim: [
      { domain: "a.example", selector: "one" },
      { domain: "b.example", selector: "two" },
    ],
  };
  const emptied = withSetting(withSetting(settings, "dkim.0.domain", ""), "dkim.0.selector", "");
  expect(settingsToSave(emptied)).toEqual({ dkim: [{ domain: "b.example", selector: "two" }] });
});
