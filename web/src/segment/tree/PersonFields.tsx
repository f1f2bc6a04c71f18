import { NumberInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import { TEMPLATE_CHANNELS } from "../../message/channels";
import { gateQuery } from "../../message/gate";
import { CAME_BY, CONSENT_IS, PLACES, WHICH } from "../rule";
import classes from "./Tree.module.css";
import { DATE_MODES, dateMode, daysOfMode, type DateMode } from "./dateMode";
import { useEditing } from "./editing";
import { Choice, PickOrType, SpanField, TestFields, useKnownValues } from "./fields";
import type { Editor } from "./editor";

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

export function Trait({ condition, wrong, onChange }: Editor<"trait">) {
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

export function DateFields({ condition, wrong, onChange }: Editor<"date">) {
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

export function Identifier({ condition, wrong, onChange }: Editor<"identifier">) {
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

export function Consent({ condition, wrong, onChange }: Editor<"consent">) {
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

export function Seen({ condition, wrong, onChange }: Editor<"seen">) {
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

export function Came({ condition, wrong, onChange }: Editor<"came">) {
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

export function PlaceFields({ condition, wrong, onChange }: Editor<"place">) {
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
