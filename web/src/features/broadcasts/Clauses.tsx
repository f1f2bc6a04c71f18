import { MultiSelect, NumberInput, SegmentedControl, Select, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { SpanFields } from "../../message/SpanFields";
import type { Gate } from "../../message/gate";
import { segmentsQuery } from "../../segment/queries";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import classes from "./Builder.module.css";
import type { Draft, Problem } from "./draft";
import { Variants } from "./Variants";
import { toWall } from "../../ui/zoned";

const NAME_CHARS_MAX = 120;
const PER_MINUTE_MAX = 600_000;
const PER_MINUTE_FIRST = 600;
const EXCLUDED_MAX = 20;

/** A broadcast as a sentence that is filled in from the top to the bottom. */
export function Clauses({
  draft,
  gate,
  zone,
  problems,
  isNew,
  onChange,
}: {
  draft: Draft;
  gate: Gate;
  zone: string;
  problems: Problem[];
  isNew: boolean;
  onChange: (draft: Draft) => void;
}) {
  const { t } = useTranslation();
  const told = (problem: Problem) => (problems.includes(problem) ? t(`broadcasts.problem.${problem}`) : undefined);
  const change = (part: Partial<Draft>) => onChange({ ...draft, ...part });
  const purpose = gate.purposes.find(({ purpose_id }) => purpose_id === draft.purpose);
  return (
    <Card flush>
      <Clause lead={t("broadcasts.clause.name")}>
        <TextInput
          aria-label={t("broadcasts.field.name")}
          placeholder={t("broadcasts.field.name_hint")}
          maxLength={NAME_CHARS_MAX}
          autoFocus={isNew && draft.name === ""}
          value={draft.name}
          error={told("name")}
          onChange={(event) => change({ name: event.currentTarget.value })}
        />
      </Clause>
      <Clause lead={t("broadcasts.clause.to")}>
        <Audience draft={draft} onChange={change} />
      </Clause>
      <Clause lead={t("broadcasts.clause.send")}>
        <Variants draft={draft} told={told} onChange={onChange} />
      </Clause>
      <Clause lead={t("broadcasts.clause.purpose")}>
        <Select
          aria-label={t("broadcasts.field.purpose")}
          allowDeselect={false}
          maw={340}
          data={gate.purposes.map(({ purpose_id, name }) => ({ value: purpose_id, label: name }))}
          value={draft.purpose || null}
          error={told("purpose")}
          onChange={(purpose) => purpose && change({ purpose })}
        />
        {purpose && <Hint>{t(`message.basis_hint.${purpose.basis}`)}</Hint>}
      </Clause>
      <Clause lead={t("broadcasts.clause.when")}>
        <When draft={draft} zone={zone} error={told("starts_at") ?? told("starts_past")} onChange={change} />
      </Clause>
      <Clause lead={t("broadcasts.clause.pace")}>
        <Pace perMinute={draft.perMinute} onChange={(perMinute) => change({ perMinute })} />
      </Clause>
      <Clause lead={t("broadcasts.clause.postpone")}>
        <div className={classes.line}>
          <span>{t("broadcasts.postpone_for")}</span>
          <SpanFields
            label={t("broadcasts.field.postpone")}
            span={draft.postpone}
            min={0}
            error={told("postpone")}
            onChange={(postpone) => change({ postpone })}
          />
        </div>
        <Hint>{t("broadcasts.postpone_hint")}</Hint>
      </Clause>
    </Card>
  );
}

/** One part of the sentence: what it begins with, and what is filled in. */
function Clause({ lead, children }: { lead: string; children: ReactNode }) {
  return (
    <div className={classes.clause}>
      <h2 className={classes.lead}>{lead}</h2>
      <div className={classes.filled}>{children}</div>
    </div>
  );
}

function Hint({ children }: { children: ReactNode }) {
  return (
    <Text size="xs" c="dimmed" mt={5}>
      {children}
    </Text>
  );
}

const EVERYBODY = "";

function Audience({ draft, onChange }: { draft: Draft; onChange: (part: Partial<Draft>) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { data } = useQuery({ ...segmentsQuery, refetchInterval: false });
  const segments = data?.segments ?? [];
  const sizes = new Map(segments.map(({ segment_id, size }) => [segment_id, size]));
  const options = segments.map(({ segment_id, name, state, is_changing }) => ({
    value: segment_id,
    label: name,
    // A segment that was never computed has nobody in it yet.
    disabled: state !== "live" && !is_changing,
  }));
  const kept = (ids: string[]) =>
    ids.filter((id) => !sizes.has(id)).map((id) => ({ value: id, label: id, disabled: false }));
  const row = ({ option }: { option: { value: string; label: string } }) => {
    const size = sizes.get(option.value);
    return (
      <div className={classes.option}>
        <span>{option.label}</span>
        {size !== undefined && <span className="num">{format.integer(size)}</span>}
      </div>
    );
  };
  const size = draft.segmentId === null ? undefined : sizes.get(draft.segmentId);
  return (
    <>
      <div className={classes.line}>
        <Select
          searchable
          allowDeselect={false}
          style={{ flex: "1 1 260px", maxWidth: 420 }}
          aria-label={t("broadcasts.field.segment")}
          nothingFoundMessage={t("report.no_segment")}
          data={[
            { value: EVERYBODY, label: t("broadcasts.everybody") },
            ...options,
            ...kept(draft.segmentId ? [draft.segmentId] : []),
          ]}
          renderOption={row}
          value={draft.segmentId ?? EVERYBODY}
          onChange={(segmentId) => onChange({ segmentId: segmentId || null })}
        />
        {size !== undefined && (
          <b className="num">{t("people.count", { count: size, people: format.integer(size) })}</b>
        )}
      </div>
      <div className={classes.line} style={{ marginTop: 8 }}>
        <span>{t("broadcasts.except")}</span>
        <MultiSelect
          searchable
          clearable
          hidePickedOptions
          style={{ flex: "1 1 260px", maxWidth: 420 }}
          maxValues={EXCLUDED_MAX}
          aria-label={t("broadcasts.field.excluded")}
          placeholder={draft.excludedIds.length === 0 ? t("broadcasts.nobody") : undefined}
          nothingFoundMessage={t("report.no_segment")}
          data={[...options.filter(({ value }) => value !== draft.segmentId), ...kept(draft.excludedIds)]}
          renderOption={row}
          value={draft.excludedIds}
          onChange={(excludedIds) => onChange({ excludedIds })}
        />
      </div>
    </>
  );
}

function When({
  draft,
  zone,
  error,
  onChange,
}: {
  draft: Draft;
  zone: string;
  error: string | undefined;
  onChange: (part: Partial<Draft>) => void;
}) {
  const { t } = useTranslation();
  const { start } = draft;
  const pick = (kind: string) => {
    if (kind === "now") return onChange({ start: { kind: "now" } });
    // Tomorrow at ten is as good a guess as any.
    const tomorrow = toWall(new Date(Date.now() + 86_400_000).toISOString(), zone).slice(0, 10);
    onChange({ start: { kind: "at", wall: `${tomorrow}T10:00` } });
  };
  return (
    <div className={classes.line}>
      <SegmentedControl
        aria-label={t("broadcasts.field.when")}
        data={[
          { value: "now", label: t("broadcasts.when.now") },
          { value: "at", label: t("broadcasts.when.at") },
        ]}
        value={start.kind}
        onChange={pick}
      />
      {start.kind === "at" && (
        <>
          <TextInput
            type="datetime-local"
            aria-label={t("broadcasts.field.starts_at")}
            value={start.wall}
            error={error}
            onChange={(event) => onChange({ start: { kind: "at", wall: event.currentTarget.value } })}
          />
          <Text size="sm" c="dimmed">
            {zone}
          </Text>
        </>
      )}
    </div>
  );
}

function Pace({ perMinute, onChange }: { perMinute: number | null; onChange: (perMinute: number | null) => void }) {
  const { t } = useTranslation();
  return (
    <div className={classes.line}>
      <SegmentedControl
        aria-label={t("broadcasts.field.pace")}
        data={[
          { value: "full", label: t("broadcasts.pace.full") },
          { value: "limited", label: t("broadcasts.pace.limited") },
        ]}
        value={perMinute === null ? "full" : "limited"}
        onChange={(value) => onChange(value === "full" ? null : PER_MINUTE_FIRST)}
      />
      {perMinute !== null && (
        <>
          <NumberInput
            w={110}
            min={1}
            max={PER_MINUTE_MAX}
            allowDecimal={false}
            clampBehavior="strict"
            thousandSeparator=" "
            aria-label={t("broadcasts.field.per_minute")}
            value={perMinute}
            onChange={(value) => onChange(Math.max(1, Number(value) || 1))}
          />
          <span>{t("broadcasts.per_minute")}</span>
        </>
      )}
    </div>
  );
}
