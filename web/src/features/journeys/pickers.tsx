import { Autocomplete, Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { EventField, WhereFields } from "../../segment/tree/fields";
import { useEditing } from "../../segment/tree/editing";
import { PROPERTY } from "../../segment/rule";
import { segmentsQuery } from "../../segment/queries";
import { useBench } from "./bench";
import { senders } from "./graph";
import { CAME, TURNS, type Came, type OnEvent, type Turn } from "./journey";
import classes from "./Panel.module.css";
import { peopleQuery } from "./queries";
import { messageName } from "./sentence";

const NOTHING_WRONG = () => undefined;

/** An event, narrowed by what it carries, and the field that says of which occasion it is. */
export function EventFields<E extends OnEvent>({
  of,
  keyWords,
  onChange,
}: {
  of: E;
  /** What the key means here; no key is asked for without. */
  keyWords?: { label: string; none: string; hint?: string };
  onChange: (of: E) => void;
}) {
  const { t } = useTranslation();
  const { fields } = useEditing();
  const own = fields.events.filter(({ event }) => event === of.event).flatMap(({ properties }) => properties);
  const turn = (key: string) => {
    const { key: _, ...rest } = of;
    onChange({ ...rest, ...(key && { key }) } as E);
  };
  return (
    <div className={classes.events}>
      <EventField value={of.event} onChange={(event) => onChange({ ...of, event })} />
      <WhereFields
        of={of}
        wrong={NOTHING_WRONG}
        onChange={(where) => {
          const { where: _, ...rest } = of;
          onChange({ ...rest, ...(0 < where.length && { where }) } as E);
        }}
      />
      {keyWords && (
        <Autocomplete
          size="xs"
          label={keyWords.label}
          description={keyWords.hint}
          placeholder={keyWords.none}
          aria-label={t("journeys.field.key")}
          data={[...new Set(own)].map((name) => PROPERTY + name)}
          value={of.key ?? ""}
          onChange={turn}
        />
      )}
    </div>
  );
}

/** A segment, and which of its turns. */
export function SegmentTurn({
  segmentId,
  turn,
  onChange,
}: {
  segmentId: string;
  turn: Turn;
  onChange: (next: { segment_id: string; turn: Turn }) => void;
}) {
  const { t } = useTranslation();
  const { data } = useQuery({ ...segmentsQuery, refetchInterval: false });
  const known = (data?.segments ?? []).map(({ segment_id, name }) => ({ value: segment_id, label: name }));
  const lost =
    segmentId && !known.some(({ value }) => value === segmentId) ? [{ value: segmentId, label: segmentId }] : [];
  return (
    <div className={classes.pair}>
      <Select
        size="xs"
        w={110}
        allowDeselect={false}
        aria-label={t("journeys.field.turn")}
        data={TURNS.map((value) => ({ value, label: t(`journeys.turn.${value}`) }))}
        value={turn}
        onChange={(next) => onChange({ segment_id: segmentId, turn: TURNS.find((each) => each === next) ?? turn })}
      />
      <Select
        size="xs"
        searchable
        allowDeselect={false}
        aria-label={t("journeys.field.segment")}
        placeholder={t("journeys.field.segment")}
        nothingFoundMessage={t("journeys.field.no_segment")}
        data={[...known, ...lost]}
        value={segmentId || null}
        onChange={(next) => next && onChange({ segment_id: next, turn })}
      />
    </div>
  );
}

/** A message of a step, and how far it came. */
export function MessageCame({
  stepId,
  came,
  onChange,
}: {
  stepId: string;
  came: Came;
  onChange: (next: { step_id: string; came: Came }) => void;
}) {
  const { t } = useTranslation();
  const { journey, speech } = useBench();
  const data = senders(journey).map(({ step_id }) => ({
    value: step_id,
    label: messageName(journey, step_id, speech),
  }));
  return (
    <div className={classes.pair}>
      <Select
        size="xs"
        allowDeselect={false}
        aria-label={t("journeys.field.message")}
        placeholder={t(data.length === 0 ? "journeys.field.no_message" : "journeys.field.message")}
        data={data}
        value={stepId || null}
        onChange={(next) => next && onChange({ step_id: next, came })}
      />
      <Select
        size="xs"
        w={150}
        allowDeselect={false}
        aria-label={t("journeys.field.came")}
        data={CAME.map((value) => ({ value, label: t(`journeys.came.${value}`) }))}
        value={came}
        onChange={(next) => onChange({ step_id: stepId, came: CAME.find((each) => each === next) ?? came })}
      />
    </div>
  );
}

/** Anybody whom a search finds; nobody where there is none. */
export function PersonSelect({
  label,
  nobody,
  profileId,
  onChange,
}: {
  label: string;
  nobody: string;
  profileId: string | null;
  onChange: (profileId: string | null) => void;
}) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState("");
  const [opened, setOpened] = useState(false);
  const [picked, setPicked] = useState<{ value: string; label: string } | null>(null);
  const [q] = useDebouncedValue(typed.trim(), 250);
  const people = useQuery(peopleQuery(opened ? q : null));
  const found = (people.data?.profiles ?? []).map(({ profile_id, name, email, phone }) => ({
    value: profile_id,
    label: [name, email ?? phone].filter(Boolean).join(" · ") || t("people.nameless"),
  }));
  const isKnown = picked === null || found.some(({ value }) => value === picked.value);
  return (
    <Select
      searchable
      clearable
      label={label}
      placeholder={nobody}
      nothingFoundMessage={t("people.empty")}
      data={[...(isKnown ? [] : [picked]), ...found]}
      // The server has searched already, by more than the name.
      filter={({ options }) => options}
      searchValue={opened ? typed : undefined}
      onSearchChange={setTyped}
      onDropdownOpen={() => {
        setTyped("");
        setOpened(true);
      }}
      onDropdownClose={() => setOpened(false)}
      value={profileId}
      onChange={(value, option) => {
        setPicked(value && option ? { value, label: option.label } : null);
        onChange(value);
      }}
    />
  );
}
