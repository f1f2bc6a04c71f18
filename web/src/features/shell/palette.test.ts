import { IconUser } from "@tabler/icons-react";
import { expect, test } from "vitest";
import { matching, type Group } from "./choices";

const choice = (key: string, label: string, hint?: string) => ({ key, label, hint, icon: IconUser, run: () => {} });
const groups: Group[] = [
  { key: "pages", title: "Pages", choices: [choice("funnel", "Воронка"), choice("profiles", "Профили")] },
  { key: "settings", title: "Settings", choices: [choice("tokens", "API tokens", "Settings")] },
];
const labels = (q: string) => matching(groups, q).flatMap(({ choices }) => choices.map(({ label }) => label));

test("every word of the question must be there, in the label, the hint or the key", () => {
  expect(labels("вор")).toEqual(["Воронка"]);
  expect(labels("funnel")).toEqual(["Воронка"]);
  expect(labels("sett TOK")).toEqual(["API tokens"]);
  expect(labels("nothing")).toEqual([]);
});

test("without a question the settings give way to the pages", () => {
  expect(labels("")).toEqual(["Воронка", "Профили"]);
});
