import i18next, { type TFunction } from "i18next";
import { beforeAll, expect, test } from "vitest";
import en from "../locales/en.json";
import ru from "../locales/ru.json";
import zh from "../locales/zh.json";
import type { Condition, Rule } from "./rule";
import { sentence, sentencePieces, type Speech } from "./sentence";

let speech: Speech;

beforeAll(async () => {
  await i18next.init({
    lng: "en",
    resources: { en: { translation: en }, ru: { translation: ru }, zh: { translation: zh } },
    interpolation: { escapeValue: false },
  });
  speech = {
    t: i18next.t as TFunction,
    number: (value) => new Intl.NumberFormat(i18next.language).format(value),
    day: (iso) => iso.slice(0, 10),
    segment: (segmentId) => (segmentId === "hot" ? "Hot buyers" : segmentId),
  };
});

const did = (event: string, number: number, span?: string): Condition => ({
  if: "did",
  event,
  measure: { of: "count" },
  is: { op: "at_least", number },
  ...(span && { within: { last: span } }),
});
const not = (rule: Rule): Rule => ({ if: "not", rule });
const all = (...rules: Rule[]): Rule => ({ if: "all", rules });
const any = (...rules: Rule[]): Rule => ({ if: "any", rules });
const said = (rule: Rule) => sentence(rule, speech);

test("what somebody did, and did not do", () => {
  const viewed: Condition = {
    ...did("car_viewed", 3, "14d"),
    where: [{ field: "model", op: "is", values: ["Aurora", "Boreal"] }],
  } as Condition;
  expect(said(all(viewed, not(did("lead_created", 1, "14d"))))).toBe(
    "People who did Car viewed at least 3 times in the last 14 days where Model is Aurora or Boreal, " +
      "and who did not do Lead created in the last 14 days",
  );
});

test("groups within groups stand in brackets, groups of one do not", () => {
  const [a, b, c] = [did("a", 1), did("b", 1), did("c", 1)];
  expect(said(all(a, any(b, c)))).toBe("People who did A, and (who did B, or who did C)");
  expect(said(all(any(a), not(any(b, c))))).toBe(
    "People who did A, and who are none of those (who did B, or who did C)",
  );
  expect(said(not(not(a)))).toBe("People who did A");
  expect(said(all())).toBe("Nobody yet: there is no condition");
});

const CONDITIONS: [string, Rule][] = [
  ["who did not do A", { ...did("a", 0), is: { op: "equal", number: 0 } } as Rule],
  [
    "who did A with Amount adding up to more than 1,000 from 2026-01-01 to 2026-01-31",
    {
      if: "did",
      event: "a",
      measure: { of: "sum", field: "value" },
      is: { op: "above", number: 1000 },
      within: { between: { from_us: Date.UTC(2026, 0, 1) * 1_000, to_us: Date.UTC(2026, 1, 1) * 1_000 } },
    },
  ],
  [
    "whose latest Offer made says: Price is at least 20000",
    {
      if: "value",
      which: "latest",
      event: "offer_made",
      field: "properties.price",
      is: { op: "at_least", values: ["20000"] },
    },
  ],
  [
    "who did A, then B, all within 1 week, beginning in the last 30 days",
    { if: "sequence", steps: [{ event: "a" }, { event: "b" }], span: "1w", within: "30d" },
  ],
  ["whose City is not known", { if: "trait", name: "city", is: { op: "absent" } }],
  ["whose Delivery date is within the next 30 days", { if: "date", name: "delivery_date", from_days: 0, to_days: 30 }],
  ["whose Birthday was in the last 7 days", { if: "date", name: "birthday", from_days: -7, to_days: 0 }],
  ["whose Birthday is exactly 3 days ahead", { if: "date", name: "birthday", from_days: 3, to_days: 3 }],
  ["whose E-mail is not known", not({ if: "identifier", kind: "email" })],
  ["who were not seen in the last 90 days", not({ if: "seen", which: "latest", within: "90d" })],
  [
    "on whose first visit Channel is Search ads",
    { if: "came", which: "first", by: "channel", is: { op: "is", values: ["cpc"] } },
  ],
  ["whose latest Dealer is X", { if: "place", by: "dealer", is: { op: "is", values: ["X"] } }],
  [
    "who have a lead at Offer or Contract for at least 3 days",
    { if: "stage", stages: ["offer", "contract"], at_least: "3d" },
  ],
  [
    "whose confirmed orders in the last 2 weeks add up to less than 5",
    { if: "orders", measure: "revenue", is: { op: "below", number: 5 }, within: "2w" },
  ],
  ["who are not in Hot buyers", not({ if: "segment", segment_id: "hot" })],
  ["who fall into a random share, from 0 % to 12.5 %", { if: "share", seed: "s", from: 0, to: 125 }],
];

test.each(CONDITIONS)("%s", (words, rule) => {
  expect(said(rule)).toBe(`People ${words}`);
});

test("what was chosen is told from the words around it", () => {
  expect(sentencePieces(did("car_viewed", 3), speech)).toEqual([
    { kind: "words", text: "People who did " },
    { kind: "name", text: "Car viewed" },
    { kind: "words", text: " at least " },
    { kind: "name", text: "3" },
    { kind: "words", text: " times" },
  ]);
});

test("what is not filled in yet stands as dots", () => {
  expect(said(did("", 1))).toBe("People who did …");
});

test("the other languages say it their way", async () => {
  const rule = all(did("car_viewed", 3, "14d"), not(did("lead_created", 1)));
  await i18next.changeLanguage("ru");
  expect(said(rule)).toBe(
    "Люди, у которых было «Просмотр автомобиля» не менее 3 раз за последние 14 дней, и у которых не было «Лид создан»",
  );
  await i18next.changeLanguage("zh");
  expect(said(rule)).toMatch(/^符合以下条件的人：最近 14 天内有过.+至少 3 次，并且没有/);
  await i18next.changeLanguage("en");
});
