import type { TFunction } from "i18next";
import { humanise, label } from "../api/labels";
import {
  PROPERTY,
  readSpan,
  type Compared,
  type Condition,
  type Counted,
  type Events,
  type Filter,
  type Rule,
  type Span,
  type Test,
  type Within,
} from "./rule";

/** What a sentence is spoken with: the reader's words, how numbers and days are written, what segments are called. */
export type Speech = {
  t: TFunction;
  number: (value: number) => string;
  day: (iso: string) => string;
  segment: (segmentId: string) => string;
};

/** A piece of a sentence; a `name` is what somebody chose or typed, and is made to stand out. */
export type Piece = { kind: "words" | "name"; text: string };

// No text holds these: they stand around names until the sentence is taken apart.
const [OPEN, CLOSE] = ["\u0001", "\u0002"];
const VALUES_SHOWN = 5;

/** A rule read aloud: "People who did Car viewed at least 3 times in the last 14 days, and who …". */
export function sentence(rule: Rule, speech: Speech): string {
  return plain(whole(rule, speech));
}

/** The same, with its names to be set in bold. */
export function sentencePieces(rule: Rule, speech: Speech): Piece[] {
  return pieces(whole(rule, speech));
}

/** One condition, or a rule within another, as it goes on after "people": "who did Car viewed …". */
export function clauseText(rule: Rule, speech: Speech): string {
  return plain(clause(rule, speech));
}

function whole(rule: Rule, speech: Speech): string {
  const clauses = clause(rule, speech);
  return clauses === "" ? speech.t("sentence.everybody") : speech.t("sentence.people", { clauses });
}

const plain = (marked: string) => marked.replaceAll(OPEN, "").replaceAll(CLOSE, "");

function pieces(marked: string): Piece[] {
  return marked
    .split(OPEN)
    .flatMap((part, at): Piece[] => {
      if (at === 0) return [{ kind: "words", text: part }];
      const [name = "", words = ""] = part.split(CLOSE);
      return [
        { kind: "name", text: name },
        { kind: "words", text: words },
      ];
    })
    .filter(({ text }) => text !== "");
}

/** What nobody has filled in yet stands as dots. */
const name = (text: string) => `${OPEN}${text === "" ? "…" : text}${CLOSE}`;

function clause(rule: Rule, speech: Speech): string {
  switch (rule.if) {
    case "all":
      return joined(rule.rules, speech.t("sentence.and"), speech);
    case "any":
      return joined(rule.rules, speech.t("sentence.or"), speech);
    case "not":
      return negated(rule.rule, speech);
    default:
      return condition(rule, speech);
  }
}

/** Groups within stand in brackets, unless there is nothing to keep apart. */
function joined(rules: Rule[], by: string, speech: Speech): string {
  const inside = rules.map((rule) => ({ rule, text: clause(rule, speech) })).filter(({ text }) => text !== "");
  if (inside.length === 1) return inside[0]?.text ?? "";
  const bracketed = ({ rule, text }: (typeof inside)[number]) =>
    isGroup(rule) ? speech.t("sentence.group", { clauses: text }) : text;
  return inside.map(bracketed).join(by);
}

const isGroup = (rule: Rule): boolean =>
  (rule.if === "all" || rule.if === "any") &&
  (rule.rules.length === 1 ? rule.rules.some(isGroup) : 1 < rule.rules.length);

function negated(rule: Rule, speech: Speech): string {
  // A group of one is read as the one.
  if ((rule.if === "all" || rule.if === "any") && rule.rules.length === 1 && rule.rules[0])
    return negated(rule.rules[0], speech);
  if (rule.if === "not") return clause(rule.rule, speech);
  const direct = rule.if === "all" || rule.if === "any" ? null : opposite(rule, speech);
  if (direct !== null) return direct;
  const clauses = clause(rule, speech);
  return clauses === "" ? "" : speech.t("sentence.except", { clauses });
}

/** What is said shorter than "none of those who …"; `null` for all else. */
function opposite(rule: Condition, speech: Speech): string | null {
  const { t } = speech;
  switch (rule.if) {
    case "did":
      return rule.measure.of === "count" && isEver(rule.is) ? never(rule, speech) : null;
    case "identifier":
      return t("sentence.identifier_unknown", { kind: name(identifier(rule.kind)) });
    case "seen":
      return t(`sentence.not_seen.${rule.which}`, { when: last(rule.within, speech) });
    case "segment":
      return t("sentence.not_in_segment", { segment: name(speech.segment(rule.segment_id)) });
    case "stage":
      return t("sentence.no_stage", stage(rule, speech));
    case "orders":
      return rule.measure === "count" && isEver(rule.is)
        ? t("sentence.no_orders", { when: rule.within ? last(rule.within, speech) : "" })
        : null;
    default:
      return null;
  }
}

function condition(rule: Condition, speech: Speech): string {
  const { t } = speech;
  switch (rule.if) {
    case "did":
      return did(rule, speech);
    case "value":
      return t(`sentence.value.${rule.which}`, {
        event: event(rule.event, speech),
        where: where(rule, speech),
        test: test(fieldName(rule.field, speech), rule.is, speech, valueOf(rule.field)),
      });
    case "sequence":
      return t("sentence.sequence", {
        steps: rule.steps.map((step) => `${event(step.event, speech)}${where(step, speech)}`).join(t("sentence.then")),
        span: span(rule.span, speech),
        begun: rule.within ? t("sentence.begun", { when: last(rule.within, speech) }) : "",
      });
    case "trait":
      return t("sentence.trait", { test: test(label("trait", rule.name), rule.is, speech) });
    case "date":
      return date(rule, speech);
    case "consent":
      return t(`sentence.consent.${rule.is}`, {
        purpose: name(rule.purpose),
        channel: rule.message_channel
          ? t("sentence.by_channel", { channel: t(`message.channel.${rule.message_channel}`) })
          : "",
      });
    case "identifier":
      return t("sentence.identifier", { kind: name(identifier(rule.kind)) });
    case "seen":
      return t(`sentence.seen.${rule.which}`, { when: last(rule.within, speech) });
    case "came":
      return t(`sentence.came.${rule.which}`, {
        test: test(t(`dimension.${rule.by}`), rule.is, speech, valueOf(rule.by)),
      });
    case "place":
      return t("sentence.place", { test: test(t(`dimension.${rule.by}`), rule.is, speech) });
    case "stage":
      return t("sentence.stage", stage(rule, speech));
    case "orders":
      return orders(rule, speech);
    case "segment":
      return t("sentence.in_segment", { segment: name(speech.segment(rule.segment_id)) });
    case "share":
      return t("sentence.share", {
        from: name(speech.number(rule.from / 10)),
        to: name(speech.number(rule.to / 10)),
      });
  }
}

type Did = Extract<Condition, { if: "did" }>;

function did(rule: Did, speech: Speech): string {
  const { t } = speech;
  const { measure, is } = rule;
  const [what, when] = [{ event: event(rule.event, speech), where: where(rule, speech) }, within(rule.within, speech)];
  if (measure.of === "count") {
    if (isEver(is)) return t("sentence.did", { ...what, when });
    if (isNever(is)) return never(rule, speech);
    const number = name(speech.number(is.number));
    return t("sentence.did_times", {
      ...what,
      when,
      times: t(`sentence.times.${is.op}`, { count: Math.trunc(is.number), number }),
    });
  }
  const field = name(fieldName(fieldOf(measure), speech));
  return t(measure.of === "sum" ? "sentence.did_sum" : "sentence.did_distinct", {
    ...what,
    when,
    field,
    amount: amount(is, speech),
  });
}

const fieldOf = (measure: Counted) => (measure.of === "count" ? "" : measure.field);

const never = (rule: Did, speech: Speech) =>
  speech.t("sentence.did_not", {
    event: event(rule.event, speech),
    where: where(rule, speech),
    when: within(rule.within, speech),
  });

const isEver = ({ op, number }: Compared) =>
  (op === "at_least" && 0 < number && number <= 1) || (op === "above" && 0 <= number && number < 1);
const isNever = ({ op, number }: Compared) =>
  (op === "below" && 0 < number && number <= 1) || ((op === "equal" || op === "at_most") && number === 0);

const event = (given: string, { t }: Speech) => name(given === "*" ? t("sentence.any_event") : eventName(given));
const eventName = (given: string) => (given === "" ? "" : label("event", given));
const identifier = (kind: string) => (kind === "" ? "" : label("identifier", kind));

function where({ where: filters = [] }: Events, speech: Speech): string {
  if (filters.length === 0) return "";
  const tests = filters.map((filter) => filterText(filter, speech)).join(speech.t("sentence.and_filter"));
  return speech.t("sentence.where", { tests });
}

const filterText = (filter: Filter, speech: Speech) =>
  test(fieldName(filter.field, speech), filter, speech, valueOf(filter.field));

/** An event as it is called, with what narrows it: "Lead created where Channel is Search ads". */
export const eventsText = (of: Events, speech: Speech) => plain(`${event(of.event, speech)}${where(of, speech)}`);

/** A test of a field: "Model is Aster or Boreal". */
export const filterWords = (filter: Filter, speech: Speech) => plain(filterText(filter, speech));

/** What a column or a property is called. */
export function fieldName(field: string, { t }: Pick<Speech, "t">): string {
  if (field.startsWith(PROPERTY)) return humanise(field.slice(PROPERTY.length).replaceAll(".", " "));
  switch (field) {
    case "channel":
    case "utm_source":
    case "utm_medium":
    case "campaign":
    case "region":
    case "dealer":
    case "model":
    case "event":
    case "source":
    case "currency":
      return t(`dimension.${field}`);
    case "value":
      return t("sentence.field_value");
    case "url":
      return t("sentence.field_url");
    default:
      return field === "" ? "" : humanise(field);
  }
}

/** Of some fields the values are machine names that the texts have words for. */
function valueOf(field: string): (value: string) => string {
  if (field === "channel") return (value) => (value === "" ? "" : label("channel", value));
  if (field === "event") return eventName;
  return (value) => value;
}

function test(field: string, { op, values = [] }: Test, { t }: Speech, written = (value: string) => value): string {
  if (op === "exists" || op === "absent") return t(`sentence.test.${op}`, { field: name(field) });
  const shown = values.slice(0, VALUES_SHOWN).map((value) => name(written(value)));
  const more = values.length - shown.length;
  const text = shown.length === 0 ? name("") : shown.join(t("sentence.or_value"));
  return t(`sentence.test.${op}`, { field: name(field), values: 0 < more ? `${text} +${more}` : text });
}

const amount = ({ op, number }: Compared, { t, number: written }: Speech) =>
  t(`sentence.amount.${op}`, { number: name(written(number)) });

function within(given: Within | undefined, speech: Speech): string {
  if (!given) return "";
  if ("last" in given) return last(given.last, speech);
  const { from_us, to_us } = given.between;
  const day = (us: number) => name(speech.day(new Date(us / 1_000).toISOString()));
  // The end is the first moment that no longer counts.
  return speech.t("sentence.between", { from: day(from_us), to: day(to_us - 1) });
}

/** "in the last 14 days" */
function last(given: Span, speech: Speech): string {
  const read = readSpan(given);
  if (!read) return speech.t("sentence.last.d", { count: 0, number: name("") });
  const { count, unit } = read;
  return speech.t(`sentence.last.${unit}`, { count, number: name(speech.number(count)) });
}

/** "14 days" */
export function spanText(given: Span, speech: Pick<Speech, "t" | "number">): string {
  return plain(span(given, speech));
}

function span(given: Span, { t, number }: Pick<Speech, "t" | "number">): string {
  const read = readSpan(given);
  return read ? t(`sentence.span.${read.unit}`, { count: read.count, number: name(number(read.count)) }) : name("");
}

function date(rule: Extract<Condition, { if: "date" }>, speech: Speech): string {
  const { t } = speech;
  const { from_days: from, to_days: to } = rule;
  const days = (count: number) => span(`${Math.abs(count)}d`, speech);
  const [trait, lastDays] = [
    name(rule.name === "" ? "" : label("trait", rule.name)),
    (count: number) => last(`${-count}d`, speech),
  ];
  if (from === undefined && to === undefined) return t("sentence.date.next", { trait, days: name("") });
  if (from === undefined)
    return (to ?? 0) < 0
      ? t("sentence.date.ago_at_least", { trait, days: days(to ?? 0) })
      : t("sentence.date.until", { trait, number: name(speech.number(to ?? 0)) });
  if (to === undefined)
    return 0 < from
      ? t("sentence.date.ahead_at_least", { trait, days: days(from) })
      : t("sentence.date.since", { trait, number: name(speech.number(from)) });
  if (from === 0 && to === 0) return t("sentence.date.today", { trait });
  if (from === to)
    return 0 < to
      ? t("sentence.date.ahead", { trait, days: days(to) })
      : t("sentence.date.ago", { trait, days: days(to) });
  if (from === 0) return t("sentence.date.next", { trait, days: days(to) });
  if (to === 0) return t("sentence.date.past", { trait, when: lastDays(from) });
  return t("sentence.date.between", { trait, from: name(speech.number(from)), to: name(speech.number(to)) });
}

function stage(rule: Extract<Condition, { if: "stage" }>, speech: Speech) {
  const { t } = speech;
  const stages = rule.stages.map((each) => name(label("stage", each)));
  const least = rule.at_least ? t("sentence.for_at_least", { span: span(rule.at_least, speech) }) : "";
  const less = rule.less_than ? t("sentence.for_less_than", { span: span(rule.less_than, speech) }) : "";
  return { stages: stages.length === 0 ? name("") : stages.join(t("sentence.or_value")), since: least + less };
}

function orders(rule: Extract<Condition, { if: "orders" }>, speech: Speech): string {
  const { t } = speech;
  const when = rule.within ? last(rule.within, speech) : "";
  if (rule.measure === "revenue") return t("sentence.revenue", { when, amount: amount(rule.is, speech) });
  if (isEver(rule.is)) return t("sentence.some_orders", { when });
  if (isNever(rule.is)) return t("sentence.no_orders", { when });
  return t("sentence.orders", { when, amount: amount(rule.is, speech) });
}
