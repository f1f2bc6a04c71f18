import { IconPlus, IconX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { WHICH, type Counted, type Events, type Within } from "../rule";
import classes from "./Tree.module.css";
import { dayOfUs, dayStartUs, lastDayOfUs } from "./days";
import { useEditing } from "./editing";
import {
  Choice,
  ComparedFields,
  EventField,
  OptionalSpan,
  PropertyField,
  SpanField,
  TestFields,
  TextField,
  Tool,
  useKnownValues,
  WhereFields,
} from "./fields";
import type { Editor } from "./editor";

const STEPS_MAX = 6;

/** Without filters the key is left out, as the server writes it. */
const narrowed = <E extends Events>({ where: _where, ...of }: E, where: Events["where"]): E =>
  ({ ...of, ...(where && 0 < where.length && { where }) }) as E;

export function Did({ condition, wrong, onChange }: Editor<"did">) {
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

export function Value({ condition, wrong, onChange }: Editor<"value">) {
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

export function Sequence({ condition, wrong, onChange }: Editor<"sequence">) {
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
