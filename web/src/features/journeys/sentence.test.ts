import i18next, { type TFunction } from "i18next";
import { beforeAll, expect, test } from "vitest";
import en from "../../locales/en.json";
import ru from "../../locales/ru.json";
import zh from "../../locales/zh.json";
import { blankJourney, type Does, type Journey } from "./journey";
import { codeText, detail, entryText, summary, wayText, type Speech } from "./sentence";

let speech: Speech;
beforeAll(async () => {
  await i18next.init({
    lng: "en",
    resources: { en: { translation: en }, ru: { translation: ru }, zh: { translation: zh } },
    interpolation: { escapeValue: false },
  });
  speech = {
    t: i18next.t as TFunction,
    number: (value) => String(value),
    day: (iso) => iso,
    segment: (id) => (id === "hot" ? "Hot buyers" : id),
    template: (id) => (id === "welcome" ? { name: "Welcome", channel: "email" } : undefined),
    journey: (id) => (id === "win-back" ? "Win back" : id),
    percent: (share) => `${Math.round(100 * share)} %`,
  };
});

const send: Does = {
  do: "send",
  purpose: "marketing",
  chain: [
    { template_id: "welcome", wait_s: 3600, until: "read" },
    { template_id: "sms", wait_s: 0, until: "read" },
  ],
  postpone_s: 0,
};
const journey: Journey = { ...blankJourney(), steps: [{ step_id: "send-1", x: 0, y: 0, does: send }] };
const said = (does: Does) => summary({ does }, journey, speech);

const SAID: [string, Does][] = [
  ["Send E-mail “Welcome”", send],
  ["Wait 3 days", { do: "wait", wait: { lasting: "3d" } }],
  ["Wait until 09:30, Mon, Tue", { do: "wait", wait: { until: { at: "09:30", weekdays: [1, 2] } } }],
  [
    "Wait until 1 day before Test drive at",
    { do: "wait", wait: { date: { field: "properties.test_drive_at", days: -1 } } },
  ],
  [
    "Wait for Test drive done within 3 days",
    { do: "wait_for", what: { for: "event", event: "test_drive_done" }, within: "3d" },
  ],
  [
    "Wait until in “Hot buyers”, at most 1 week",
    { do: "wait_for", what: { for: "segment", segment_id: "hot", turn: "entered" }, within: "1w" },
  ],
  [
    "Wait until “Welcome” is read, at most 1 day",
    { do: "wait_for", what: { for: "message", step_id: "send-1", came: "read" }, within: "1d" },
  ],
  [
    "Model is Aster",
    { do: "branch", arms: [{ when: { on: "event", field: "model", is: { op: "is", values: ["Aster"] } } }] },
  ],
  ["A 70 % · way 2 30 %", { do: "split", arms: [{ name: "A", share: 700 }, { share: 300 }] }],
  ["Move the lead to “Contacted”", { do: "set_stage", stage: "contacted" }],
  ["Call: Invite", { do: "call_task", title: "Invite", tries: 3, gap: "4h", within: "2d" }],
  ["Begin “Win back”", { do: "journey", journey_id: "win-back" }],
  ["Choose a message", { ...send, chain: [{ template_id: "", wait_s: 0, until: "read" }] }],
];
test.each(SAID)("%s", (words, does) => {
  expect(said(does)).toBe(words);
});

test("what a card tells besides", () => {
  expect(detail({ does: send }, speech)).toBe("and 1 more if that does not reach");
  expect(detail({ does: { do: "call_task", title: "", tries: 3, gap: "4h", within: "2d" } }, speech)).toBe(
    "3 tries, 4 hours apart",
  );
});

test("how one enters", () => {
  expect(entryText({ by: "event", event: "lead_created", key: "properties.lead_id" }, speech)).toBe(
    "when Lead created, once for each Lead id",
  );
  expect(entryText({ by: "segment", segment_id: "hot", turn: "left" }, speech)).toBe(
    "when somebody leaves “Hot buyers”",
  );
  expect(entryText({ by: "event", event: "" }, speech)).toBe("not chosen yet");
});

test("ways are called by what leads along them", () => {
  const wait: Does = { do: "wait_for", what: { for: "event", event: "a" }, within: "1d" };
  const drawn = { ...journey, steps: [...journey.steps, { step_id: "w", x: 0, y: 0, does: wait }] };
  expect(["next", "otherwise"].map((way) => wayText(drawn, "w", way, speech))).toEqual(["happened", "not in time"]);
  expect(wayText(drawn, "send-1", "next", speech)).toBe("");
});

test("codes are told in words, others as they are", () => {
  expect(codeText(speech.t, "timed_out")).toBe("Did not happen in time");
  expect(codeText(speech.t, "exit: contract_signed")).toBe("Left early: Contract signed");
  expect(codeText(speech.t, "something new")).toBe("something new");
});

test("the other languages say it their way", async () => {
  const wait: Does = { do: "wait", wait: { date: { field: "birthday", days: -3 } } };
  await i18next.changeLanguage("ru");
  expect(said(wait)).toBe("Ждать: за 3 дня до «День рождения»");
  await i18next.changeLanguage("zh");
  expect(said(wait)).toMatch(/^等到“.+”前 3 天$/);
  await i18next.changeLanguage("en");
});
