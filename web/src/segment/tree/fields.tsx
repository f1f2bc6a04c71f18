import { ActionIcon, Autocomplete, Group, NumberInput, Select, TagsInput, TextInput, Tooltip } from "@mantine/core";
import { IconFilterPlus, IconX } from "@tabler/icons-react";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import {
  comparesNumbers,
  NUMBER_OPS,
  OPS,
  PROPERTY,
  readSpan,
  takesMany,
  takesNoValue,
  UNITS,
  type Compared,
  type Events,
  type Filter,
  type Span,
  type Test,
} from "../rule";
import { fieldName } from "../sentence";
import classes from "./Tree.module.css";
import { useEditing } from "./editing";

/** What is wrong at a place of a condition, in words. */
export type Wrong = (place: string) => string | undefined;

type Option = { value: string; label: string };

/** Chooses from what is known, or takes what is typed. */
export function PickOrType({
  name,
  value,
  data,
  error,
  className = classes.pick,
  onChange,
}: {
  name: string;
  value: string;
  data: (Option | { group: string; items: Option[] })[];
  error?: string;
  className?: string;
  onChange: (value: string) => void;
}) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState("");
  const known = data.flatMap((each) => ("items" in each ? each.items : [each]));
  const holds = (text: string) =>
    known.some((each) => each.value === text || each.label.toLowerCase() === text.toLowerCase());
  const own = typed.trim();
  const added = [
    ...(value !== "" && !known.some((each) => each.value === value) ? [{ value, label: value }] : []),
    ...(own !== "" && own !== value && !holds(own) ? [{ value: own, label: t("segments.use", { name: own }) }] : []),
  ];
  return (
    <Select
      size="xs"
      searchable
      openOnFocus={false}
      className={className}
      aria-label={name}
      placeholder={name}
      allowDeselect={false}
      limit={200}
      maxDropdownHeight={300}
      comboboxProps={{ width: 280, position: "bottom-start" }}
      data={[...data, ...added]}
      searchValue={typed}
      onSearchChange={setTyped}
      value={value === "" ? null : value}
      error={error}
      onChange={(next) => next && onChange(next)}
    />
  );
}

export function EventField({
  value,
  error,
  onChange,
}: {
  value: string;
  error?: string;
  onChange: (event: string) => void;
}) {
  const { t } = useTranslation();
  const { fields } = useEditing();
  return (
    <PickOrType
      name={t("segments.field.event")}
      value={value}
      error={error}
      className={classes.event}
      data={[
        ...fields.events.map(({ event }) => ({ value: event, label: label("event", event) })),
        { value: "*", label: t("segments.any_event") },
      ]}
      onChange={onChange}
    />
  );
}

/**
 * A column of events, or a property.
 *
 * * `event`: whose properties are offered first; those of every event for `*`.
 */
export function PropertyField({
  event,
  value,
  error,
  onChange,
}: {
  event: string;
  value: string;
  error?: string;
  onChange: (field: string) => void;
}) {
  const { t } = useTranslation();
  const { fields } = useEditing();
  const own = fields.events.filter((each) => event === "*" || each.event === event).flatMap((each) => each.properties);
  const named = (field: string) => ({ value: field, label: fieldName(field, { t }) });
  const columns = fields.columns.map(named);
  const taken = new Set(columns.map((column) => column.label));
  // Two fields of one name are told apart by the machine's.
  const property = (name: string) => {
    const option = named(PROPERTY + name);
    return taken.has(option.label) ? { ...option, label: name } : option;
  };
  return (
    <PickOrType
      name={t("segments.field.property")}
      value={value}
      error={error}
      data={[
        { group: t("segments.columns"), items: columns },
        { group: t("segments.properties"), items: [...new Set(own)].map(property) },
      ]}
      onChange={(field) => onChange(isColumn(field, fields.columns) ? field : withProperty(field))}
    />
  );
}

const isColumn = (field: string, columns: string[]) => columns.includes(field);
const withProperty = (field: string) => (field.startsWith(PROPERTY) ? field : PROPERTY + field);

/** How a value is held against others. */
export function TestFields({
  test,
  error,
  known,
  onChange,
}: {
  test: Test;
  error?: string;
  /** Values to offer, with their names where the texts have some. */
  known: Option[];
  onChange: (test: Test) => void;
}) {
  const { t } = useTranslation();
  const { op, values = [] } = test;
  const names = new Map(known.map((each) => [each.value, each.label]));
  const machine = new Map(known.map((each) => [each.label, each.value]));
  const turn = (next: Test["op"]): Test => {
    if (takesNoValue(next)) return { op: next };
    return { op: next, values: takesMany(next) ? values.filter((value) => value !== "") : values.slice(0, 1) };
  };
  return (
    <>
      <Select
        size="xs"
        className={classes.op}
        aria-label={t("segments.field.op")}
        allowDeselect={false}
        comboboxProps={{ width: 190, position: "bottom-start" }}
        data={OPS.map((value) => ({ value, label: t(`segments.op.${value}`) }))}
        value={op}
        onChange={(next) => onChange(turn(OPS.find((known) => known === next) ?? op))}
      />
      {takesMany(op) && (
        <TagsInput
          size="xs"
          className={classes.values}
          aria-label={t("segments.field.values")}
          placeholder={values.length === 0 ? t("segments.values_hint") : undefined}
          data={known.map((each) => each.label)}
          acceptValueOnBlur
          limit={100}
          maxDropdownHeight={260}
          value={values.map((value) => names.get(value) ?? value)}
          error={error}
          onChange={(next) => onChange({ op, values: next.map((value) => machine.get(value) ?? value) })}
        />
      )}
      {!takesMany(op) && !takesNoValue(op) && (
        <Autocomplete
          size="xs"
          className={classes.value}
          aria-label={t("segments.field.value")}
          inputMode={comparesNumbers(op) ? "decimal" : undefined}
          data={comparesNumbers(op) ? [] : known.map((each) => each.value)}
          limit={60}
          value={values[0] ?? ""}
          error={error}
          onChange={(value) => onChange({ op, values: [value] })}
        />
      )}
    </>
  );
}

/** The values of a field that are known, with their names. */
export function useKnownValues(field: string): Option[] {
  const { dimensions } = useEditing();
  const values = dimensions[field] ?? [];
  return values.map((value) => ({ value, label: field === "channel" ? label("channel", value) : value }));
}

export function ComparedFields({
  is,
  error,
  onChange,
}: {
  is: Compared;
  error?: string;
  onChange: (is: Compared) => void;
}) {
  const { t } = useTranslation();
  return (
    <>
      <Select
        size="xs"
        className={classes.op}
        aria-label={t("segments.field.compare")}
        allowDeselect={false}
        comboboxProps={{ width: 160, position: "bottom-start" }}
        data={NUMBER_OPS.map((value) => ({ value, label: t(`segments.number_op.${value}`) }))}
        value={is.op}
        onChange={(op) => onChange({ ...is, op: NUMBER_OPS.find((known) => known === op) ?? is.op })}
      />
      <NumberInput
        size="xs"
        className={classes.number}
        hideControls
        aria-label={t("segments.field.number")}
        value={Number.isFinite(is.number) ? is.number : ""}
        error={error}
        onChange={(number) => onChange({ ...is, number: typeof number === "number" ? number : Number.NaN })}
      />
    </>
  );
}

/** A length of time: a number and its unit. What is not filled in yet keeps its unit. */
export function SpanField({
  name,
  value,
  error,
  onChange,
}: {
  name: string;
  value: Span;
  error?: string;
  onChange: (span: Span) => void;
}) {
  const { t } = useTranslation();
  const read = readSpan(value);
  const unit = read?.unit ?? UNITS.find((known) => value.endsWith(known)) ?? "d";
  return (
    <Group gap={4} wrap="nowrap" align="flex-start">
      <NumberInput
        size="xs"
        className={classes.count}
        hideControls
        aria-label={name}
        min={1}
        max={9999}
        allowDecimal={false}
        allowNegative={false}
        value={read?.count ?? ""}
        error={error}
        onChange={(count) => onChange(typeof count === "number" ? `${count}${unit}` : unit)}
      />
      <Select
        size="xs"
        className={classes.unit}
        aria-label={t("segments.field.unit", { name })}
        allowDeselect={false}
        comboboxProps={{ width: 130, position: "bottom-start" }}
        data={UNITS.map((value) => ({ value, label: t(`segments.unit.${value}`, { count: read?.count ?? 0 }) }))}
        value={unit}
        onChange={(next) => onChange(`${read?.count ?? ""}${next ?? unit}`)}
      />
    </Group>
  );
}

/** A span, or none: for ever. */
export function OptionalSpan({
  name,
  words,
  value,
  error,
  onChange,
}: {
  name: string;
  words: { none: string; some: string };
  value: Span | undefined;
  error?: string;
  onChange: (span: Span | undefined) => void;
}) {
  return (
    <>
      <Select
        size="xs"
        className={classes.within}
        aria-label={name}
        allowDeselect={false}
        comboboxProps={{ width: 190, position: "bottom-start" }}
        data={[
          { value: "none", label: words.none },
          { value: "some", label: words.some },
        ]}
        value={value === undefined ? "none" : "some"}
        onChange={(next) => onChange(next === "some" ? (value ?? "30d") : undefined)}
      />
      {value !== undefined && <SpanField name={words.some} value={value} error={error} onChange={onChange} />}
    </>
  );
}

/** Narrows events by what they carry, each filter on a line of its own; all of them have to hold. */
export function WhereFields({
  of,
  place = "",
  wrong,
  onChange,
}: {
  of: Events;
  /** Before the places of its problems. */
  place?: string;
  wrong: Wrong;
  onChange: (filters: Filter[]) => void;
}) {
  const { t } = useTranslation();
  const filters = of.where ?? [];
  const box = useRef<HTMLDivElement>(null);
  const add = () => {
    onChange([...filters, { field: "", op: "is", values: [] }]);
    // Whoever adds a filter goes on in it.
    requestAnimationFrame(() => {
      const lines = box.current?.querySelectorAll('[role="group"]') ?? [];
      lines[lines.length - 1]?.querySelector("input")?.focus();
    });
  };
  return (
    <div className={classes.filters} ref={box}>
      {filters.map((filter, at) => (
        <div
          // Filters have no name but their place.
          key={at}
          className={classes.line}
          role="group"
          aria-label={t("segments.filter_numbered", { number: at + 1 })}
        >
          <span className={classes.word}>{at === 0 ? t("segments.where") : t("segments.and")}</span>
          <PropertyField
            event={of.event}
            value={filter.field}
            error={wrong(`${place}where.${at}.field`)}
            onChange={(field) => onChange(filters.with(at, { ...filter, field }))}
          />
          <FilterTest
            filter={filter}
            error={wrong(`${place}where.${at}.values`)}
            onChange={(next) => onChange(filters.with(at, { field: filter.field, ...next }))}
          />
          <Tool
            icon={IconX}
            name={t("segments.filter_remove", { number: at + 1 })}
            onClick={() => onChange(filters.toSpliced(at, 1))}
          />
        </div>
      ))}
      <Tool
        icon={IconFilterPlus}
        name={t("segments.filter_add")}
        words={filters.length === 0 ? t("segments.filter_add") : t("segments.filter_more")}
        onClick={add}
      />
    </div>
  );
}

function FilterTest({ filter, error, onChange }: { filter: Filter; error?: string; onChange: (test: Test) => void }) {
  const known = useKnownValues(filter.field);
  return <TestFields test={{ op: filter.op, values: filter.values }} error={error} known={known} onChange={onChange} />;
}

/** A small button; with `words` they stand beside its picture. */
export function Tool({
  icon: Picture,
  name,
  words,
  action,
  disabled = false,
  onClick,
}: {
  icon: typeof IconX;
  name: string;
  words?: string;
  action?: string;
  disabled?: boolean;
  onClick: () => void;
}) {
  if (words) {
    return (
      <button type="button" className={classes.textTool} disabled={disabled} onClick={onClick}>
        <Picture size={14} aria-hidden />
        {words}
      </button>
    );
  }
  return (
    <Tooltip label={name}>
      <ActionIcon
        size={28}
        variant="subtle"
        color="gray"
        c={disabled ? undefined : "dimmed"}
        aria-label={name}
        data-action={action}
        disabled={disabled}
        onClick={onClick}
      >
        <Picture size={15} aria-hidden />
      </ActionIcon>
    </Tooltip>
  );
}

/** A text that is typed in. */
export function TextField({
  name,
  value,
  error,
  type = "text",
  onChange,
}: {
  name: string;
  value: string;
  error?: string;
  type?: "text" | "date";
  onChange: (value: string) => void;
}) {
  return (
    <TextInput
      size="xs"
      type={type}
      className={classes.value}
      aria-label={name}
      value={value}
      error={error}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

/** One of a few. */
export function Choice<Value extends string>({
  name,
  value,
  values,
  labelOf,
  className = classes.op,
  action,
  onChange,
}: {
  name: string;
  value: Value;
  values: readonly Value[];
  labelOf: (value: Value) => string;
  className?: string;
  action?: string;
  onChange: (value: Value) => void;
}) {
  return (
    <Select
      size="xs"
      className={className}
      aria-label={name}
      data-action={action}
      allowDeselect={false}
      comboboxProps={{ width: "max-content", position: "bottom-start" }}
      data={values.map((each) => ({ value: each, label: labelOf(each) }))}
      value={value}
      onChange={(next) => onChange(values.find((known) => known === next) ?? value)}
    />
  );
}
