import { MultiSelect, NumberInput, Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import { segmentsQuery } from "../queries";
import type { Condition } from "../rule";
import classes from "./Tree.module.css";
import { useEditing } from "./editing";
import { Choice, ComparedFields, OptionalSpan, SpanField, TextField, type Wrong } from "./fields";
import type { Editor } from "./editor";
import { Did, Sequence, Value } from "./BehaviourFields";
import { Came, Consent, DateFields, Identifier, PlaceFields, Seen, Trait } from "./PersonFields";

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
