import { MultiSelect, NumberInput, Select } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import { TEMPLATE_CHANNELS } from "../../message/channels";
import { gateQuery } from "../../message/gate";
import { segmentsQuery } from "../queries";
import { CAME_BY, CONSENT_IS, PLACES, WHICH, type Condition, type Counted, type Events, type Within } from "../rule";
import classes from "./Tree.module.css";
import { DATE_MODES, dateMode, daysOfMode, type DateMode } from "./dateMode";
import { dayOfUs, dayStartUs, lastDayOfUs } from "./days";
import { useEditing } from "./editing";
import {
  Choice,
  ComparedFields,
  EventField,
  OptionalSpan,
  PickOrType,
  PropertyField,
  SpanField,
  TestFields,
  TextField,
  Tool,
  useKnownValues,
  WhereFields,
  type Wrong,
} from "./fields";

type Of<Kind extends Condition["if"]> = Extract<Condition, { if: Kind }>;
type Editor<Kind extends Condition["if"]> = {
  condition: Of<Kind>;
  wrong: Wrong;
  onChange: (condition: Condition) => void;
};

const STEPS_MAX = 6;

/** The fields of a condition, in the order of the sentence. */
export function ConditionFields({
  condition,
  wrong,
  onChange,
}: {
  condition: Condition;
  wrong: Wrong;
  onChange: (condition: Condition) => void;
}) {
  const rest = { wrong, onChange };
  switch (condition.if) {
    case "did":
      return <Did condition={condition} {...rest} />;
    case "value":
      return <Value condition={condition} {...rest} />;
    case "sequence":
      return <Sequence condition={condition} {...rest} />;
    case "trait":
      return <Trait condition={condition} {...rest} />;
    case "date":
      return <DateFields condition={condition} {...rest} />;
    case "identifier":
      return <Identifier condition={condition} {...rest} />;
    case "consent":
      return <Consent condition={condition} {...rest} />;
    case "seen":
      return <Seen condition={condition} {...rest} />;
    case "came":
      return <Came condition={condition} {...rest} />;
    case "place":
      return <PlaceFields condition={condition} {...rest} />;
    case "stage":
      return <Stage condition={condition} {...rest} />;
    case "orders":
      return <Orders condition={condition} {...rest} />;
    case "segment":
      return <InSegment condition={condition} {...rest} />;
    case "share":
      return <Share condition={condition} {...rest} />;
  }
}

/** Without filters the key is left out, as the server writes it. */
const narrowed = <E extends Events>({ where: _where, ...of }: E, where: Events["where"]): E =>
  ({ ...of, ...(where && 0 < where.length && { where }) }) as E;

function Did({ condition, wrong, onChange }: Editor<"did">) {
  const { t } = useTranslation();
  const { measure } = condition;
  const turn = (of: Counted["of"]): Counted =>
    of === "count" ? { of } : { of, field: measure.of === "count" ? "" : measure.field };
  return (
    <>
      <EventField
        value={condition.event}
        error={wrong("event")}
        onChange={(event) => onChange({ ...condition, event })}
      />
      <ComparedFields is={condition.is} error={wrong("number")} onChange={(is) => onChange({ ...condition, is })} />
      <Choice
        name={t("segments.field.measure")}
        value={measure.of}
        values={["count", "sum", "distinct"]}
        labelOf={(of) => t(`segments.measure.${of}`)}
        className={classes.measure}
        onChange={(of) => onChange({ ...condition, measure: turn(of) })}
      />
      {measure.of !== "count" && (
        <PropertyField
          event={condition.event}
          value={measure.field}
          error={wrong("measure")}
          onChange={(field) => onChange({ ...condition, measure: { of: measure.of, field } })}
        />
      )}
      <WithinFields
        within={condition.within}
        error={wrong("within")}
        onChange={(within) => {
          const { within: _within, ...rest } = condition;
          onChange(within ? { ...rest, within } : rest);
        }}
      />
      <WhereFields of={condition} wrong={wrong} onChange={(where) => onChange(narrowed(condition, where))} />
    </>
  );
}

function WithinFields({
  within,
  error,
  onChange,
}: {
  within: Within | undefined;
  error?: string;
  onChange: (within: Within | undefined) => void;
}) {
  const { t } = useTranslation();
  const { tz } = useEditing();
  const mode = within === undefined ? "ever" : "last" in within ? "last" : "between";
  const begin = (next: "ever" | "last" | "between"): Within | undefined => {
    if (next === "ever") return undefined;
    if (next === "last") return { last: "30d" };
    const now = Date.now() * 1_000;
    const day = 86_400_000_000;
    return {
      between: {
        from_us: dayStartUs(dayOfUs(now - 30 * day, tz), tz),
        to_us: dayStartUs(dayOfUs(now + day, tz), tz),
      },
    };
  };
  return (
    <>
      <Choice
        name={t("segments.field.within")}
        value={mode}
        values={["last", "ever", "between"]}
        labelOf={(value) => t(`segments.within.${value}`)}
        className={classes.within}
        onChange={(next) => next !== mode && onChange(begin(next))}
      />
      {within && "last" in within && (
        <SpanField
          name={t("segments.within.last")}
          value={within.last}
          error={error}
          onChange={(last) => onChange({ last })}
        />
      )}
      {within && "between" in within && (
        <>
          <TextField
            type="date"
            name={t("segments.field.from")}
            value={dayOfUs(within.between.from_us, tz)}
            onChange={(day) => {
              const from_us = dayStartUs(day, tz);
              if (!Number.isNaN(from_us)) onChange({ between: { ...within.between, from_us } });
            }}
          />
          <span className={classes.word}>–</span>
          <TextField
            type="date"
            name={t("segments.field.to")}
            value={lastDayOfUs(within.between.to_us, tz)}
            error={error}
            onChange={(day) => {
              // The end is the beginning of the day after.
              const start = dayStartUs(day, tz);
              if (Number.isNaN(start)) return;
              const to_us = dayStartUs(dayOfUs(start + 36 * 3_600_000_000, tz), tz);
              onChange({ between: { ...within.between, to_us } });
            }}
          />
        </>
      )}
    </>
  );
}

function Value({ condition, wrong, onChange }: Editor<"value">) {
  const { t } = useTranslation();
  const known = useKnownValues(condition.field);
  return (
    <>
      <Choice
        name={t("segments.field.which")}
        value={condition.which}
        values={WHICH}
        labelOf={(which) => t(`segments.which_event.${which}`)}
        onChange={(which) => onChange({ ...condition, which })}
      />
      <EventField
        value={condition.event}
        error={wrong("event")}
        onChange={(event) => onChange({ ...condition, event })}
      />
      <PropertyField
        event={condition.event}
        value={condition.field}
        error={wrong("field")}
        onChange={(field) => onChange({ ...condition, field })}
      />
      <TestFields
        test={condition.is}
        known={known}
        error={wrong("is.values")}
        onChange={(is) => onChange({ ...condition, is })}
      />
      <WhereFields of={condition} wrong={wrong} onChange={(where) => onChange(narrowed(condition, where))} />
    </>
  );
}

function Sequence({ condition, wrong, onChange }: Editor<"sequence">) {
  const { t } = useTranslation();
  const { steps } = condition;
  const setSteps = (next: Events[]) => onChange({ ...condition, steps: next });
  return (
    <>
      <ol className={classes.steps} aria-label={t("segments.steps")}>
        {steps.map((step, at) => (
          // A step has no name but its place.
          <li key={at} className={classes.line}>
            <span className={classes.word}>{at === 0 ? t("segments.step_first") : t("segments.step_then")}</span>
            <EventField
              value={step.event}
              error={wrong(`steps.${at}.event`)}
              onChange={(event) => setSteps(steps.with(at, { ...step, event }))}
            />
            {2 < steps.length && (
              <Tool
                icon={IconX}
                name={t("segments.step_remove", { number: at + 1 })}
                onClick={() => setSteps(steps.toSpliced(at, 1))}
              />
            )}
            <WhereFields
              of={step}
              place={`steps.${at}.`}
              wrong={wrong}
              onChange={(where) => setSteps(steps.with(at, narrowed(step, where)))}
            />
          </li>
        ))}
      </ol>
      <Tool
        icon={IconPlus}
        name={t("segments.step_add")}
        words={t("segments.step_add")}
        disabled={STEPS_MAX <= steps.length}
        onClick={() => setSteps([...steps, { event: "" }])}
      />
      <span className={classes.word}>{t("segments.all_within")}</span>
      <SpanField
        name={t("segments.all_within")}
        value={condition.span}
        error={wrong("span")}
        onChange={(span) => onChange({ ...condition, span })}
      />
      <OptionalSpan
        name={t("segments.field.begun")}
        words={{ none: t("segments.begun.ever"), some: t("segments.begun.last") }}
        value={condition.within}
        error={wrong("within")}
        onChange={(within) => {
          const { within: _within, ...rest } = condition;
          onChange(within === undefined ? rest : { ...rest, within });
        }}
      />
    </>
  );
}

function TraitName({ value, error, onChange }: { value: string; error?: string; onChange: (name: string) => void }) {
  const { t } = useTranslation();
  const { fields } = useEditing();
  return (
    <PickOrType
      name={t("segments.field.trait")}
      value={value}
      error={error}
      data={fields.traits.map((name) => ({ value: name, label: label("trait", name) }))}
      onChange={onChange}
    />
  );
}

function Trait({ condition, wrong, onChange }: Editor<"trait">) {
  return (
    <>
      <TraitName value={condition.name} error={wrong("name")} onChange={(name) => onChange({ ...condition, name })} />
      <TestFields
        test={condition.is}
        known={[]}
        error={wrong("is.values")}
        onChange={(is) => onChange({ ...condition, is })}
      />
    </>
  );
}

function DateFields({ condition, wrong, onChange }: Editor<"date">) {
  const { t } = useTranslation();
  // Kept while days are typed: on the way to 14 stands a 1.
  const [mode, setMode] = useState(() => dateMode(condition));
  const { from_days: from, to_days: to } = condition;
  const set = (days: { from_days?: number; to_days?: number }) =>
    onChange({ if: "date", name: condition.name, ...days });
  const days = (
    value: number | undefined,
    name: string,
    onDays: (days: number | undefined) => void,
    isSigned: boolean,
  ) => (
    <NumberInput
      size="xs"
      className={classes.count}
      hideControls
      aria-label={name}
      allowDecimal={false}
      allowNegative={isSigned}
      min={isSigned ? -36_600 : 0}
      max={36_600}
      value={value ?? ""}
      onChange={(next) => onDays(typeof next === "number" ? next : undefined)}
    />
  );
  const count = t("segments.field.days");
  return (
    <>
      <TraitName value={condition.name} error={wrong("name")} onChange={(name) => onChange({ ...condition, name })} />
      <Choice<DateMode>
        name={t("segments.field.date_mode")}
        value={mode}
        values={DATE_MODES}
        labelOf={(value) => t(`segments.date_mode.${value}`)}
        className={classes.within}
        onChange={(next) => {
          setMode(next);
          set(daysOfMode(next, condition));
        }}
      />
      {mode === "next" && days(to, count, (to_days = 0) => set({ from_days: 0, to_days }), false)}
      {mode === "past" && days(-(from ?? 0), count, (ago = 0) => set({ from_days: -ago, to_days: 0 }), false)}
      {mode === "exactly" && days(from, count, (day = 0) => set({ from_days: day, to_days: day }), true)}
      {mode === "between" && (
        <>
          {days(from, t("segments.field.from_day"), (from_days) => set({ from_days, to_days: to }), true)}
          <span className={classes.word}>–</span>
          {days(to, t("segments.field.to_day"), (to_days) => set({ from_days: from, to_days }), true)}
        </>
      )}
      <span className={classes.word}>
        {t(mode === "exactly" || mode === "between" ? "segments.days_from_today" : "segments.days_word")}
      </span>
      {wrong("days") && <span className={classes.wrong}>{wrong("days")}</span>}
    </>
  );
}

function Identifier({ condition, wrong, onChange }: Editor<"identifier">) {
  const { t } = useTranslation();
  const { fields } = useEditing();
  return (
    <PickOrType
      name={t("segments.field.identifier")}
      value={condition.kind}
      error={wrong("kind")}
      data={fields.identifiers.map((kind) => ({ value: kind, label: label("identifier", kind) }))}
      onChange={(kind) => onChange({ ...condition, kind })}
    />
  );
}

function Consent({ condition, wrong, onChange }: Editor<"consent">) {
  const { t } = useTranslation();
  const gate = useQuery(gateQuery);
  const { message_channel, ...rest } = condition;
  return (
    <>
      <Choice
        name={t("segments.field.consent")}
        value={condition.is}
        values={CONSENT_IS}
        labelOf={(is) => t(`segments.consent.${is}`)}
        onChange={(is) => onChange({ ...condition, is })}
      />
      <PickOrType
        name={t("segments.field.purpose")}
        value={condition.purpose}
        error={wrong("purpose")}
        data={(gate.data?.purposes ?? []).map((purpose) => ({ value: purpose.purpose_id, label: purpose.name }))}
        onChange={(purpose) => onChange({ ...condition, purpose })}
      />
      <Choice
        name={t("segments.field.message_channel")}
        value={message_channel ?? "any"}
        values={["any", ...TEMPLATE_CHANNELS] as const}
        labelOf={(channel) => (channel === "any" ? t("segments.consent.any_channel") : t(`message.channel.${channel}`))}
        onChange={(channel) => onChange(channel === "any" ? rest : { ...rest, message_channel: channel })}
      />
    </>
  );
}

function Seen({ condition, wrong, onChange }: Editor<"seen">) {
  const { t } = useTranslation();
  return (
    <>
      <Choice
        name={t("segments.field.which")}
        value={condition.which}
        values={WHICH}
        labelOf={(which) => t(`segments.which_seen.${which}`)}
        className={classes.within}
        onChange={(which) => onChange({ ...condition, which })}
      />
      <span className={classes.word}>{t("segments.within.last")}</span>
      <SpanField
        name={t("segments.within.last")}
        value={condition.within}
        error={wrong("within")}
        onChange={(within) => onChange({ ...condition, within })}
      />
    </>
  );
}

function Came({ condition, wrong, onChange }: Editor<"came">) {
  const { t } = useTranslation();
  const known = useKnownValues(condition.by);
  return (
    <>
      <Choice
        name={t("segments.field.which")}
        value={condition.which}
        values={WHICH}
        labelOf={(which) => t(`segments.which_visit.${which}`)}
        className={classes.within}
        onChange={(which) => onChange({ ...condition, which })}
      />
      <Choice
        name={t("segments.field.came_by")}
        value={condition.by}
        values={CAME_BY}
        labelOf={(by) => t(`dimension.${by}`)}
        onChange={(by) => onChange({ ...condition, by })}
      />
      <TestFields
        test={condition.is}
        known={known}
        error={wrong("is.values")}
        onChange={(is) => onChange({ ...condition, is })}
      />
    </>
  );
}

function PlaceFields({ condition, wrong, onChange }: Editor<"place">) {
  const { t } = useTranslation();
  const known = useKnownValues(condition.by);
  return (
    <>
      <Choice
        name={t("segments.field.place")}
        value={condition.by}
        values={PLACES}
        labelOf={(by) => t(`dimension.${by}`)}
        onChange={(by) => onChange({ ...condition, by })}
      />
      <TestFields
        test={condition.is}
        known={known}
        error={wrong("is.values")}
        onChange={(is) => onChange({ ...condition, is })}
      />
    </>
  );
}

const SINCE = ["any", "at_least", "less_than"] as const;

function Stage({ condition, wrong, onChange }: Editor<"stage">) {
  const { t } = useTranslation();
  const { fields } = useEditing();
  const { stages, at_least, less_than } = condition;
  const mode = at_least !== undefined ? "at_least" : less_than !== undefined ? "less_than" : "any";
  const span = at_least ?? less_than ?? "3d";
  const set = (next: (typeof SINCE)[number], length: string) =>
    onChange({ if: "stage", stages, ...(next !== "any" && { [next]: length }) });
  return (
    <>
      <MultiSelect
        size="xs"
        className={classes.values}
        aria-label={t("segments.field.stages")}
        placeholder={stages.length === 0 ? t("segments.field.stages") : undefined}
        data={fields.stages.map((stage) => ({ value: stage, label: label("stage", stage) }))}
        hidePickedOptions
        value={stages}
        error={wrong("stages")}
        onChange={(next) => onChange({ ...condition, stages: next })}
      />
      <Choice
        name={t("segments.field.since")}
        value={mode}
        values={SINCE}
        labelOf={(value) => t(`segments.since.${value}`)}
        className={classes.within}
        onChange={(next) => set(next, span)}
      />
      {mode !== "any" && (
        <SpanField
          name={t(`segments.since.${mode}`)}
          value={span}
          error={wrong(mode)}
          onChange={(length) => set(mode, length)}
        />
      )}
    </>
  );
}

function Orders({ condition, wrong, onChange }: Editor<"orders">) {
  const { t } = useTranslation();
  return (
    <>
      <Choice
        name={t("segments.field.measure")}
        value={condition.measure}
        values={["count", "revenue"]}
        labelOf={(measure) => t(`segments.orders.${measure}`)}
        className={classes.measure}
        onChange={(measure) => onChange({ ...condition, measure })}
      />
      <ComparedFields is={condition.is} error={wrong("number")} onChange={(is) => onChange({ ...condition, is })} />
      <OptionalSpan
        name={t("segments.field.within")}
        words={{ none: t("segments.within.ever"), some: t("segments.within.last") }}
        value={condition.within}
        error={wrong("within")}
        onChange={(within) => {
          const { within: _within, ...rest } = condition;
          onChange(within === undefined ? rest : { ...rest, within });
        }}
      />
    </>
  );
}

function InSegment({ condition, wrong, onChange }: Editor<"segment">) {
  const { t } = useTranslation();
  const { segmentId } = useEditing();
  const { data } = useQuery(segmentsQuery);
  const others = (data?.segments ?? []).filter(({ segment_id }) => segment_id !== segmentId);
  return (
    <Select
      size="xs"
      searchable
      className={classes.event}
      aria-label={t("segments.field.segment")}
      placeholder={t("segments.field.segment")}
      nothingFoundMessage={t("segments.no_second")}
      allowDeselect={false}
      data={others.map(({ segment_id, name, state, is_changing }) => ({
        value: segment_id,
        label: name,
        disabled: state !== "live" && !is_changing,
      }))}
      value={condition.segment_id || null}
      error={wrong("segment")}
      onChange={(segment_id) => segment_id && onChange({ if: "segment", segment_id })}
    />
  );
}

function Share({ condition, wrong, onChange }: Editor<"share">) {
  const { t } = useTranslation();
  const percent = (name: string, value: number, onPercent: (thousandths: number) => void, error?: string) => (
    <NumberInput
      size="xs"
      className={classes.count}
      hideControls
      aria-label={name}
      min={0}
      max={100}
      decimalScale={1}
      suffix=" %"
      value={value / 10}
      error={error}
      onChange={(next) => typeof next === "number" && onPercent(Math.round(next * 10))}
    />
  );
  return (
    <>
      {percent(t("segments.field.from_percent"), condition.from, (from) => onChange({ ...condition, from }))}
      <span className={classes.word}>–</span>
      {percent(t("segments.field.to_percent"), condition.to, (to) => onChange({ ...condition, to }), wrong("to"))}
      <span className={classes.word}>{t("segments.draw")}</span>
      <TextField
        name={t("segments.field.seed")}
        value={condition.seed}
        error={wrong("seed")}
        onChange={(seed) => onChange({ ...condition, seed })}
      />
    </>
  );
}
