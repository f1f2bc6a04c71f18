import { Checkbox, NumberInput, Select, Textarea, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import { chainDraftOf, chainOf, secondsOf, spanOf } from "../../message/chain";
import { ChainEditor } from "../../message/ChainEditor";
import { gateQuery } from "../../message/gate";
import { SpanFields } from "../../message/SpanFields";
import { fieldsQuery } from "../../segment/queries";
import { PickOrType, SpanField } from "../../segment/tree/fields";
import { BranchForm, SplitForm } from "./ArmForms";
import { useBench } from "./bench";
import type { Does, Of, WaitedFor } from "./journey";
import classes from "./Panel.module.css";
import { EventFields, MessageCame, SegmentTurn } from "./pickers";
import { journeysQuery } from "./queries";
import { WaitForm } from "./WaitForm";

const TITLE_CHARS_MAX = 120;
const SCRIPT_CHARS_MAX = 4_000;
const TRIES_MAX = 10;

export type FormOf<K extends Does["do"]> = { does: Of<K>; onChange: (does: Does) => void };

/** The fields of a step, by what it does. */
export function StepForm({ does, onChange }: { does: Does; onChange: (does: Does) => void }) {
  switch (does.do) {
    case "send":
      return <SendForm does={does} onChange={onChange} />;
    case "wait":
      return <WaitForm does={does} onChange={onChange} />;
    case "wait_for":
      return <WaitForForm does={does} onChange={onChange} />;
    case "branch":
      return <BranchForm does={does} onChange={onChange} />;
    case "split":
      return <SplitForm does={does} onChange={onChange} />;
    case "call_task":
      return <CallForm does={does} onChange={onChange} />;
    case "set_trait":
      return <TraitForm does={does} onChange={onChange} />;
    case "set_stage":
      return <StageForm does={does} onChange={onChange} />;
    case "journey":
      return <JourneyStepForm does={does} onChange={onChange} />;
  }
}

/** A field with its name above it, for what brings no name of its own. */
export function Named({ name, hint, children }: { name: string; hint?: string; children: ReactNode }) {
  return (
    <div role="group" aria-label={name} className={classes.named}>
      <div className={classes.name}>{name}</div>
      {hint && <div className={classes.hint}>{hint}</div>}
      {children}
    </div>
  );
}

const NOTHING_TOLD = () => undefined;

function SendForm({ does, onChange }: FormOf<"send">) {
  const { t } = useTranslation();
  const { data: gate } = useQuery(gateQuery);
  // The steps of a chain keep their keys while they are worked on.
  const [chain, setChain] = useState(() => chainDraftOf(does.chain));
  const purposes = (gate?.purposes ?? []).map(({ purpose_id, name }) => ({ value: purpose_id, label: name }));
  const purpose = gate?.purposes.find(({ purpose_id }) => purpose_id === does.purpose);
  return (
    <>
      <Named name={t("journeys.field.chain")}>
        <ChainEditor
          chain={chain}
          told={NOTHING_TOLD}
          onChange={(next) => {
            setChain(next);
            onChange({ ...does, chain: chainOf(next) });
          }}
        />
      </Named>
      <Select
        label={t("journeys.field.purpose")}
        description={purpose && t(`message.basis_hint.${purpose.basis}`)}
        allowDeselect={false}
        data={purposes}
        value={does.purpose || null}
        onChange={(next) => next && onChange({ ...does, purpose: next })}
      />
      <Named name={t("journeys.field.postpone")}>
        <div className={classes.line}>
          <SpanFields
            label={t("journeys.field.postpone")}
            span={spanOf(does.postpone_s)}
            min={0}
            onChange={(span) => onChange({ ...does, postpone_s: secondsOf(span) })}
          />
        </div>
      </Named>
    </>
  );
}

const WHATS = ["event", "segment", "message"] as const;

function WaitForForm({ does, onChange }: FormOf<"wait_for">) {
  const { t } = useTranslation();
  const { what } = does;
  const begin = (kind: WaitedFor["for"]): WaitedFor => {
    if (kind === "segment") return { for: kind, segment_id: "", turn: "entered" };
    if (kind === "message") return { for: kind, step_id: "", came: "read" };
    return { for: kind, event: "" };
  };
  const set = (next: WaitedFor) => onChange({ ...does, what: next });
  return (
    <>
      <Select
        label={t("journeys.field.what")}
        allowDeselect={false}
        data={WHATS.map((value) => ({ value, label: t(`journeys.what.${value}`) }))}
        value={what.for}
        onChange={(next) => next !== what.for && set(begin(WHATS.find((each) => each === next) ?? "event"))}
      />
      {what.for === "event" && (
        <>
          <EventFields
            of={what}
            keyWords={{ label: t("journeys.field.same_key"), none: t("journeys.field.same_key_none") }}
            onChange={set}
          />
          <Checkbox
            size="sm"
            label={t("journeys.field.since_entry")}
            checked={what.since_entry ?? false}
            onChange={(event) => {
              const { since_entry: _, ...rest } = what;
              set({ ...rest, ...(event.currentTarget.checked && { since_entry: true }) });
            }}
          />
        </>
      )}
      {what.for === "segment" && (
        <SegmentTurn
          segmentId={what.segment_id}
          turn={what.turn}
          onChange={(next) => set({ for: "segment", ...next })}
        />
      )}
      {what.for === "message" && (
        <MessageCame stepId={what.step_id} came={what.came} onChange={(next) => set({ for: "message", ...next })} />
      )}
      <Named name={t("journeys.field.within")}>
        <SpanField
          name={t("journeys.field.within")}
          value={does.within}
          onChange={(within) => onChange({ ...does, within })}
        />
      </Named>
    </>
  );
}

function CallForm({ does, onChange }: FormOf<"call_task">) {
  const { t } = useTranslation();
  return (
    <>
      <TextInput
        label={t("journeys.field.title")}
        placeholder={t("journeys.field.title_hint")}
        maxLength={TITLE_CHARS_MAX}
        value={does.title}
        onChange={(event) => onChange({ ...does, title: event.currentTarget.value })}
      />
      <Textarea
        label={t("journeys.field.script")}
        autosize
        minRows={3}
        maxRows={10}
        maxLength={SCRIPT_CHARS_MAX}
        value={does.script ?? ""}
        onChange={(event) => {
          const { script: _, ...rest } = does;
          const script = event.currentTarget.value;
          onChange({ ...rest, ...(script && { script }) });
        }}
      />
      <NumberInput
        label={t("journeys.field.tries")}
        w={120}
        min={1}
        max={TRIES_MAX}
        allowDecimal={false}
        value={does.tries}
        onChange={(tries) => onChange({ ...does, tries: Number(tries) || 1 })}
      />
      <Named name={t("journeys.field.gap")}>
        <SpanField name={t("journeys.field.gap")} value={does.gap} onChange={(gap) => onChange({ ...does, gap })} />
      </Named>
      <Named name={t("journeys.field.given_up")}>
        <SpanField
          name={t("journeys.field.given_up")}
          value={does.within}
          onChange={(within) => onChange({ ...does, within })}
        />
      </Named>
    </>
  );
}

function TraitForm({ does, onChange }: FormOf<"set_trait">) {
  const { t } = useTranslation();
  const { data } = useQuery(fieldsQuery);
  const [typed, setTyped] = useState(() => (typeof does.value === "string" ? does.value : JSON.stringify(does.value)));
  return (
    <>
      <Named name={t("journeys.field.trait")}>
        <PickOrType
          name={t("journeys.field.trait")}
          value={does.name}
          className={classes.whole}
          data={(data?.traits ?? []).map((name) => ({ value: name, label: label("trait", name) }))}
          onChange={(name) => onChange({ ...does, name })}
        />
      </Named>
      <TextInput
        label={t("journeys.field.value")}
        value={typed}
        onChange={(event) => {
          setTyped(event.currentTarget.value);
          onChange({ ...does, value: read(event.currentTarget.value) });
        }}
      />
    </>
  );
}

/** What is typed as a number, `true` or `false` is one; all else is text. */
function read(text: string): unknown {
  if (text === "true" || text === "false") return text === "true";
  return /^-?(0|[1-9]\d{0,14})(\.\d+)?$/.test(text) ? Number(text) : text;
}

const STAGES = [
  "captured",
  "qualified",
  "dispatched",
  "accepted",
  "contacted",
  "appointment",
  "test_drive",
  "offer",
  "contract",
  "delivered",
  "lost",
] as const;

function StageForm({ does, onChange }: FormOf<"set_stage">) {
  const { t } = useTranslation();
  return (
    <Select
      label={t("journeys.field.stage")}
      description={t("journeys.field.stage_hint")}
      allowDeselect={false}
      data={STAGES.map((stage) => ({ value: stage, label: label("stage", stage) }))}
      value={does.stage}
      onChange={(stage) => stage && onChange({ ...does, stage })}
    />
  );
}

function JourneyStepForm({ does, onChange }: FormOf<"journey">) {
  const { t } = useTranslation();
  const { journey } = useBench();
  const { data } = useQuery({ ...journeysQuery, refetchInterval: false });
  const others = (data?.journeys ?? []).filter(({ journey_id }) => journey_id !== journey.journey_id);
  return (
    <Select
      searchable
      label={t("journeys.field.journey")}
      allowDeselect={false}
      data={others.map(({ journey_id, name }) => ({ value: journey_id, label: name }))}
      value={does.journey_id || null}
      onChange={(journey_id) => journey_id && onChange({ ...does, journey_id })}
    />
  );
}
