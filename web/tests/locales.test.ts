import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";

const SRC = join(import.meta.dirname, "../src");
const LANGUAGES = ["en", "ru", "zh"] as const;

type Texts = { [key: string]: string | Texts };

const texts = Object.fromEntries(
  LANGUAGES.map((language) => [
    language,
    flat(JSON.parse(readFileSync(join(SRC, `locales/${language}.json`), "utf8")) as Texts),
  ]),
) as Record<(typeof LANGUAGES)[number], Map<string, string>>;

function flat(texts: Texts, prefix = ""): Map<string, string> {
  return new Map(
    Object.entries(texts).flatMap(([key, value]) =>
      typeof value === "string" ? [[prefix + key, value] as const] : [...flat(value, `${prefix}${key}.`)],
    ),
  );
}

const PLURAL = /_(zero|one|two|few|many|other)$/;
const stem = (key: string) => key.replace(PLURAL, "");
const stems = (language: (typeof LANGUAGES)[number]) => new Set([...texts[language].keys()].map(stem));
const placeholders = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name).sort();

describe.each(["ru", "zh"] as const)("%s", (language) => {
  test("has the texts of English, and no others", () => {
    expect([...stems(language)].sort()).toEqual([...stems("en")].sort());
  });

  test("fills the same places in each text", () => {
    for (const [key, text] of texts[language]) {
      const english = texts.en.get(`${stem(key)}_other`) ?? texts.en.get(key) ?? "";
      expect(placeholders(text), key).toEqual(placeholders(english));
    }
  });

  test("is translated: few texts equal the English ones", () => {
    const same = [...texts[language]].filter(
      ([key, text]) => texts.en.get(key) === text && /\p{L}{4}/u.test(text.replaceAll(/\{\{\w+\}\}/g, "")),
    );
    const names = [
      "shell.product",
      "ui.page_title",
      "profiles.traits.name_example",
      "shell.language_name.en",
      "shell.language_name.ru",
      "overview.channels.romi",
      "attribution.figure.romi",
      "message.channel.webhook",
      "message.channel.viber",
      "message.channel.whatsapp",
      "message.channel.telegram",
      "message.channel.email",
      "message.channel.web_push",
      "senders.choice.starttls",
      "sending.sms.body_kind.json",
      "forms.webhook.example",
      "sending.sms.example",
      "segments.json.toggle",
      "scorecards.costs.cpql",
      "lead_scores.give_or_take",
      "sources.webhook.to.utm_source",
      "sources.webhook.to.utm_medium",
      "sources.webhook.to.email",
      "lead_scores.column.log_loss",
    ];
    expect(same.map(([key]) => key).filter((key) => !names.includes(key))).toEqual([]);
  });
});

test.each(LANGUAGES)("%s has every plural form that its grammar asks for", (language) => {
  const wanted = new Intl.PluralRules(language).resolvedOptions().pluralCategories.toSorted();
  const forms = byStem([...texts[language].keys()].filter((key) => PLURAL.test(key)));
  expect(forms.size).toBeGreaterThan(10);
  for (const [key, keys] of forms) {
    expect(keys.map((form) => PLURAL.exec(form)?.[1]).sort(), key).toEqual(wanted);
  }
});

function byStem(keys: string[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const key of keys) groups.set(stem(key), [...(groups.get(stem(key)) ?? []), key]);
  return groups;
}

test("no component contains a sentence", () => {
  const found = sources(SRC, ".tsx").flatMap((path) => literalTexts(path));
  expect(found).toEqual([]);
});

test("every text is used somewhere", () => {
  const code = [...sources(SRC, ".tsx"), ...sources(SRC, ".ts")].map((path) => readFileSync(path, "utf8")).join("\n");
  // Vocabularies and enumerations are looked up by names that come from data.
  const byName =
    /^funnel\.(at|order|trend|time|method)\.|^owners\.(interest|when|date|problem)\.|^profiles\.vehicles\.(inspection_due|finance_end|warranty_end|serviced_at)$|^verify\.team\.(free|busy|away)$|^scorecards\.lines\.(leads|rings|not_taken|declined|nobody|transferred)$|^sentence\.(times|amount|last|span|value|test|seen|not_seen|came|consent)\.|^segments\.(shown|state|example|join|kind_group|kind|holds|op|number_op|measure|orders|within|unit|which_event|which_seen|which_visit|date_mode|since|problem|consent)\.|^(retention|attribution|flow|paths)\.(same|per|column|level|period|count|entry|example|people|model|method)\.|^sql\.example\.|^report\.verdict\.|^experiments\.(measure|column|says|behind|method)\.|^message\.(channel|reason|suppression|basis|basis_hint|test\.address)\.|^templates\.(start|block|variable|part|part_hint|problem|severity|sms\.encoding)\.|^broadcasts\.(count|problem|unit|span|if_not|unless|step_done|time|clause)\.|^journeys\.(enters|says|came|way|weekday|by|turn|again|wait|what|arm_on|run_state|code|step_done|confirm)\.|^journeys\.report\.(delivered|read|clicked)$|^gate\.unit\.|^lead\.(clock|queue|button|contact)\.|^leads\.(act|done|none|outcome|interest)\.|^verify\.group\.|^portal\.(empty|did|interest)\.|^dealers\.(field|problem)\.|^lead_rules\.(when|known|way|weight|weight_hint|sla|verification|problem)\.|^lead_rules\.simulate\.by\.|^dealers\.webhook_format\.|^lead_scores\.learner\.|^sources\.webhook\.to\.|^lead_feature\.|^ad_gate\.(state|reason|rules)\.|^scorecards\.(column|method|verification|costs\.by|called|back)\.|^senders\.(needs|choice|secret)\.|^(event|channel|stage|order_status|trait|identifier|rule|trust|why|agreement|agreement_level|call|refusal|letter_state|source_kind|audit_action|audit_actor|audit_outcome|role|dimension|import_field|lead_word)\.|\.(section|scheme|language_name|metric|kind|verdict|line|tab|role_hint|kind_hint|formula|group|field|state|result|body_kind|step|guess|format|units|run|export|filter|status|change|type|title|text|explained|figure|kinds|states|mark|test|built_in|mark|acts|answer|answered|field|explained|kind_role)\./;
  const unused = [...stems("en")].filter((key) => !byName.test(key) && !code.includes(`"${key}"`));
  expect(unused).toEqual([]);
});

function sources(folder: string, ending: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(ending) && !name.endsWith(".d.ts") && !name.includes(".test."))
    .map((name) => join(folder, name));
}

const SPOKEN = new Set([
  "title",
  "label",
  "placeholder",
  "aria-label",
  "description",
  "alt",
  "hint",
  "subtitle",
  "name",
]);

/** Words between tags, and in the attributes that a reader sees or hears. */
function literalTexts(path: string): string[] {
  const file = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX);
  const found: string[] = [];
  const isForm = (attribute: ts.JsxAttribute) =>
    attribute.name.getText(file) === "name" &&
    /Input|Select|Textarea|Autocomplete/.test(attribute.parent.parent.getText(file).slice(0, 40));
  const visit = (node: ts.Node) => {
    if (ts.isJsxText(node) && /\p{L}{2}/u.test(node.text)) found.push(`${relative(SRC, path)}: ${node.text.trim()}`);
    if (ts.isJsxAttribute(node) && node.initializer && ts.isStringLiteral(node.initializer)) {
      const spoken = SPOKEN.has(node.name.getText(file)) && !isForm(node) && /\p{L}{2}/u.test(node.initializer.text);
      if (spoken) found.push(`${relative(SRC, path)}: ${node.getText(file)}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}
