import type { TFunction } from "i18next";
import { label } from "../../api/labels";
import type { MessageChannel } from "../../message/channels";
import {
  clauseText,
  eventsText,
  fieldName,
  filterWords,
  spanText,
  type Speech as RuleSpeech,
} from "../../segment/sentence";
import { ENTRY, step as stepOf } from "./graph";
import type { Condition, Does, Entry, Journey, Kind, OnEvent, Step, WaitedFor } from "./journey";

/** With what a journey is read aloud. */
export type Speech = RuleSpeech & {
  template: (id: string) => { name: string; channel: MessageChannel } | undefined;
  journey: (id: string) => string;
  percent: (share: number) => string;
};

const eventText = (of: OnEvent, speech: Speech) =>
  of.event === "" ? speech.t("journeys.says.event_open") : eventsText(of, speech);

/** How one enters: "when Lead created, once for each Lead id". */
export function entryText(entry: Entry, speech: Speech): string {
  const { t } = speech;
  if (entry.by === "call") return t("journeys.enters.call");
  if (entry.by === "segment")
    return entry.segment_id === ""
      ? t("journeys.enters.open")
      : t(`journeys.enters.${entry.turn}`, { segment: speech.segment(entry.segment_id) });
  if (entry.event === "") return t("journeys.enters.open");
  const event = eventText(entry, speech);
  return entry.key
    ? t("journeys.enters.event_key", { event, key: fieldName(entry.key, speech) })
    : t("journeys.enters.event", { event });
}

/** What a step is called on its card: its own name, or else what it does. */
export function stepName(journey: Journey, id: string, speech: Speech): string {
  if (id === ENTRY) return speech.t("journeys.kind.entry");
  const found = stepOf(journey, id);
  if (!found) return id;
  return found.name || summary(found, journey, speech);
}

/** What a step does, in one line: "Wait for Test drive done within 3 days". */
export function summary({ does }: Pick<Step, "does">, journey: Journey, speech: Speech): string {
  const { t } = speech;
  switch (does.do) {
    case "send":
      return sendText(does.chain[0]?.template_id, speech);
    case "wait":
      return waitText(does, speech);
    case "wait_for":
      return waitForText(does.what, spanText(does.within, speech), journey, speech);
    case "branch": {
      const [only, ...more] = does.arms;
      if (!only) return t("journeys.says.branch_open");
      return 0 < more.length
        ? t("journeys.says.ways", { count: does.arms.length })
        : conditionText(only.when, journey, speech);
    }
    case "split":
      return does.arms
        .map(
          ({ name, share }, at) =>
            `${name || t("journeys.way.arm", { number: at + 1 })} ${speech.percent(share / 1000)}`,
        )
        .join(" · ");
    case "set_trait":
      return does.name === ""
        ? t("journeys.says.set_trait_open")
        : t("journeys.says.set_trait", { name: label("trait", does.name), value: written(does.value) });
    case "set_stage":
      return t("journeys.says.set_stage", { stage: label("stage", does.stage) });
    case "call_task":
      return does.title === "" ? t("journeys.says.call_open") : t("journeys.says.call", { title: does.title });
    case "journey":
      return does.journey_id === ""
        ? t("journeys.says.journey_open")
        : t("journeys.says.journey", { name: speech.journey(does.journey_id) });
  }
}

/** What the card tells below its summary; empty where there is nothing. */
export function detail({ does }: Pick<Step, "does">, speech: Speech): string {
  if (does.do === "send" && 1 < does.chain.length)
    return speech.t("journeys.says.more", { count: does.chain.length - 1 });
  if (does.do === "call_task")
    return speech.t("journeys.says.tries", { count: does.tries, gap: spanText(does.gap, speech) });
  return "";
}

function sendText(templateId: string | undefined, { t, template }: Speech): string {
  if (!templateId) return t("journeys.says.send_open");
  const found = template(templateId);
  return found
    ? t("journeys.says.send", { channel: t(`message.channel.${found.channel}`), name: found.name })
    : templateId;
}

function waitText({ wait }: Extract<Does, { do: "wait" }>, speech: Speech): string {
  const { t } = speech;
  if ("lasting" in wait) return t("journeys.says.wait", { span: spanText(wait.lasting, speech) });
  if ("until" in wait) {
    const { at, weekdays = [] } = wait.until;
    return weekdays.length === 0
      ? t("journeys.says.until", { at })
      : t("journeys.says.until_days", { at, days: weekdays.map((day) => weekday(t, day)).join(", ") });
  }
  const { field, days } = wait.date;
  const name = field.includes(".") ? fieldName(field, speech) : field === "" ? "…" : label("trait", field);
  if (days === 0) return t("journeys.says.date_on", { field: name });
  return t(days < 0 ? "journeys.says.before" : "journeys.says.after", { count: Math.abs(days), field: name });
}

export const WEEKDAYS = [1, 2, 3, 4, 5, 6, 7] as const;
export const weekday = (t: TFunction, day: number) => {
  const known = WEEKDAYS.find((each) => each === day);
  return known ? t(`journeys.weekday.${known}`) : String(day);
};

function waitForText(what: WaitedFor, span: string, journey: Journey, speech: Speech): string {
  const { t } = speech;
  switch (what.for) {
    case "event":
      return t("journeys.says.wait_event", { event: eventText(what, speech), span });
    case "segment":
      return t(`journeys.says.wait_${what.turn}`, {
        segment: what.segment_id ? speech.segment(what.segment_id) : "…",
        span,
      });
    case "message":
      return t("journeys.says.wait_message", {
        step: what.step_id ? messageName(journey, what.step_id, speech) : "…",
        came: t(`journeys.came.${what.came}`),
        span,
      });
  }
}

/** A step that sends by what it is called among messages: its own name, or its first template's. */
export function messageName(journey: Journey, id: string, speech: Speech): string {
  const found = stepOf(journey, id);
  if (!found) return id;
  const first = found.does.do === "send" ? found.does.chain[0]?.template_id : undefined;
  return found.name || (first && (speech.template(first)?.name ?? first)) || id;
}

/** On what a branch decides. */
export function conditionText(condition: Condition, journey: Journey, speech: Speech): string {
  const { t } = speech;
  switch (condition.on) {
    case "person":
      return clauseText(condition.rule, speech) || t("journeys.says.branch_open");
    case "event":
      return condition.field === ""
        ? t("journeys.says.branch_open")
        : filterWords({ field: condition.field, ...condition.is }, speech);
    case "message":
      return t("journeys.says.message_is", {
        step: condition.step_id ? messageName(journey, condition.step_id, speech) : "…",
        came: t(`journeys.came.${condition.came}`),
      });
  }
}

/** What a way out of a step is called; empty for the only one. */
export function wayText(journey: Journey, id: string, way: string, speech: Speech): string {
  const does = stepOf(journey, id)?.does;
  if (!does) return "";
  const { t } = speech;
  const next: Partial<Record<Kind, string>> = {
    wait: "date" in (does.do === "wait" ? does.wait : {}) ? t("journeys.way.on_day") : "",
    wait_for: t("journeys.way.happened"),
    call_task: t("journeys.way.spoke"),
  };
  const otherwise: Partial<Record<Kind, string>> = {
    wait: t("journeys.way.no_date"),
    wait_for: t("journeys.way.timed_out"),
    call_task: t("journeys.way.not_reached"),
    branch: t("journeys.way.else"),
  };
  if (way === "next") return next[does.do] ?? "";
  if (way === "otherwise") return otherwise[does.do] ?? "";
  const at = Number(way.replace("arm", ""));
  if (does.do === "split") {
    const arm = does.arms[at];
    const name = arm?.name || t("journeys.way.arm", { number: at + 1 });
    return arm ? `${name} · ${speech.percent(arm.share / 1000)}` : name;
  }
  if (does.do === "branch") {
    const arm = does.arms[at];
    return arm ? arm.name || conditionText(arm.when, journey, speech) : "";
  }
  return "";
}

const written = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));

const CODES = [
  "entered",
  "sent",
  "not_sent",
  "waits",
  "waited",
  "timed_out",
  "happened",
  "goal",
  "exit",
  "ended",
  "branch",
  "split",
  "set_trait",
  "set_stage",
  "task",
  "spoke",
  "no_answer",
  "declined",
  "no_date",
  "held_out",
  "stopped",
  "erased",
  "journey",
] as const;

/** Why something happened in a run: the server's codes in the reader's words, all else as it stands. */
export function codeText(t: TFunction, says: string): string {
  const [head = "", ...rest] = says.split(":");
  const known = CODES.find((code) => code === head.trim());
  if (!known) return says;
  const more = rest.join(":").trim();
  // What is told besides is most often the event that did it.
  return more ? `${t(`journeys.code.${known}`)}: ${label("event", more)}` : t(`journeys.code.${known}`);
}
