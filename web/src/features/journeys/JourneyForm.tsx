import { ActionIcon, Button, NumberInput, Select, TextInput, Tooltip } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { SpanField } from "../../segment/tree/fields";
import { useBench } from "./bench";
import type { Again, Entry, Exit, Journey } from "./journey";
import classes from "./Panel.module.css";
import { EventFields, SegmentTurn } from "./pickers";
import { RuleField } from "./RuleField";
import { Named } from "./StepForm";

const NAME_CHARS_MAX = 120;
const EXITS_MAX = 10;
const BYS = ["event", "segment", "call"] as const;
const AGAINS = ["never", "when_ended", "after", "always"] as const;

/** Leaves a field out where it holds nothing, as the server writes it. */
function without<Key extends keyof Journey>(journey: Journey, key: Key, value: Journey[Key] | undefined): Journey {
  if (value !== undefined) return { ...journey, [key]: value };
  const { [key]: _, ...rest } = journey;
  return rest as Journey;
}

/** The journey itself: who enters, how often, what it is for, and what else ends it. */
export function JourneyForm() {
  const { t } = useTranslation();
  const { journey, change } = useBench();
  const set = (to: (held: Journey) => Journey, of?: string) => change(to, of);
  return (
    <>
      <TextInput
        label={t("journeys.field.name")}
        placeholder={t("journeys.field.name_hint")}
        required
        maxLength={NAME_CHARS_MAX}
        value={journey.name}
        onChange={({ currentTarget: { value } }) => set((held) => ({ ...held, name: value }), "name")}
      />
      <Part title={t("journeys.panel.entry")}>
        <EntryFields entry={journey.entry} onChange={(entry) => set((held) => ({ ...held, entry }), "entry")} />
        {journey.only ? (
          <Named name={t("journeys.field.only")}>
            <RuleField
              label={t("journeys.field.only")}
              rule={journey.only}
              onChange={(only) => set((held) => ({ ...held, only }))}
            />
            <Less onClick={() => set((held) => without(held, "only", undefined))}>{t("journeys.field.only_drop")}</Less>
          </Named>
        ) : (
          <More onClick={() => set((held) => ({ ...held, only: { if: "all", rules: [] } }))}>
            {t("journeys.field.only_add")}
          </More>
        )}
      </Part>
      <Part title={t("journeys.panel.goal")}>
        <GoalFields />
      </Part>
      <Part title={t("journeys.panel.exits")}>
        <Exits />
      </Part>
      <Part title={t("journeys.panel.limits")}>
        <AgainFields again={journey.again} onChange={(again) => set((held) => ({ ...held, again }), "again")} />
        <div className={classes.halves}>
          <NumberInput
            label={t("journeys.field.holdout")}
            description={t("journeys.field.holdout_hint")}
            min={0}
            max={90}
            decimalScale={1}
            suffix="%"
            value={(journey.holdout ?? 0) / 10}
            onChange={(percent) => {
              const holdout = Math.round(Number(percent) * 10);
              set((held) => without(held, "holdout", holdout || undefined), "holdout");
            }}
          />
          <NumberInput
            label={t("journeys.field.per_hour")}
            description={t("journeys.field.per_hour_hint")}
            min={1}
            allowDecimal={false}
            thousandSeparator=" "
            value={journey.per_hour ?? ""}
            onChange={(number) => set((held) => without(held, "per_hour", Number(number) || undefined), "per_hour")}
          />
        </div>
      </Part>
    </>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={classes.part}>
      <h3>{title}</h3>
      {children}
    </section>
  );
}

function More({ onClick, children }: { onClick: () => void; children: ReactNode }) {
  return (
    <div>
      <Button size="compact-sm" variant="subtle" leftSection={<IconPlus size={14} aria-hidden />} onClick={onClick}>
        {children}
      </Button>
    </div>
  );
}

function Less({ onClick, children }: { onClick: () => void; children: ReactNode }) {
  return (
    <div>
      <Button size="compact-sm" variant="subtle" color="gray" onClick={onClick}>
        {children}
      </Button>
    </div>
  );
}

export function EntryFields({ entry, onChange }: { entry: Entry; onChange: (entry: Entry) => void }) {
  const { t } = useTranslation();
  const begin = (by: Entry["by"]): Entry => {
    if (by === "segment") return { by, segment_id: "", turn: "entered" };
    return by === "call" ? { by } : { by, event: "" };
  };
  return (
    <>
      <Select
        aria-label={t("journeys.field.by")}
        allowDeselect={false}
        data={BYS.map((value) => ({ value, label: t(`journeys.by.${value}`) }))}
        value={entry.by}
        onChange={(next) => next !== entry.by && onChange(begin(BYS.find((each) => each === next) ?? "event"))}
      />
      {entry.by === "event" && (
        <EventFields
          of={entry}
          keyWords={{
            label: t("journeys.field.key"),
            none: t("journeys.field.key_none"),
            hint: t("journeys.field.key_hint"),
          }}
          onChange={onChange}
        />
      )}
      {entry.by === "segment" && (
        <SegmentTurn
          segmentId={entry.segment_id}
          turn={entry.turn}
          onChange={(next) => onChange({ by: "segment", ...next })}
        />
      )}
    </>
  );
}

function GoalFields() {
  const { t } = useTranslation();
  const { journey, change } = useBench();
  const { goal } = journey;
  if (!goal)
    return (
      <More onClick={() => change((held) => ({ ...held, goal: { event: "", within: "30d" } }))}>
        {t("journeys.field.goal_add")}
      </More>
    );
  return (
    <>
      <p className={classes.hint}>{t("journeys.field.goal_hint")}</p>
      <EventFields
        of={goal}
        keyWords={{ label: t("journeys.field.same_key"), none: t("journeys.field.same_key_none") }}
        onChange={(next) => change((held) => ({ ...held, goal: next }), "goal")}
      />
      <Named name={t("journeys.field.goal_within")}>
        <SpanField
          name={t("journeys.field.goal_within")}
          value={goal.within}
          onChange={(within) => change((held) => ({ ...held, goal: { ...goal, within } }), "goal")}
        />
      </Named>
      <Less onClick={() => change((held) => without(held, "goal", undefined))}>{t("journeys.field.goal_drop")}</Less>
    </>
  );
}

function Exits() {
  const { t } = useTranslation();
  const { journey, change } = useBench();
  const exits = journey.exits ?? [];
  const set = (next: Exit[]) => change((held) => without(held, "exits", next.length === 0 ? undefined : next), "exits");
  const remove = (at: number) => t("journeys.field.exit_remove", { number: at + 1 });
  return (
    <>
      {exits.map((exit, at) => (
        // Ways out have no name but their place.
        <div key={at} className={classes.arm}>
          <div className={classes.armHead}>
            <Select
              size="xs"
              aria-label={t("journeys.field.on")}
              allowDeselect={false}
              data={(["event", "segment"] as const).map((value) => ({ value, label: t(`journeys.what.${value}`) }))}
              value={exit.on}
              onChange={(next) =>
                next !== exit.on &&
                set(
                  exits.with(
                    at,
                    next === "segment"
                      ? { on: "segment", segment_id: "", turn: "entered" }
                      : { on: "event", event: "" },
                  ),
                )
              }
            />
            <Tooltip label={remove(at)}>
              <ActionIcon
                variant="subtle"
                color="gray"
                c="dimmed"
                aria-label={remove(at)}
                onClick={() => set(exits.toSpliced(at, 1))}
              >
                <IconTrash size={15} />
              </ActionIcon>
            </Tooltip>
          </div>
          {exit.on === "event" ? (
            <EventFields
              of={exit}
              keyWords={{ label: t("journeys.field.same_key"), none: t("journeys.field.same_key_none") }}
              onChange={(next) => set(exits.with(at, next))}
            />
          ) : (
            <SegmentTurn
              segmentId={exit.segment_id}
              turn={exit.turn}
              onChange={(next) => set(exits.with(at, { on: "segment", ...next }))}
            />
          )}
        </div>
      ))}
      {exits.length < EXITS_MAX && (
        <More onClick={() => set([...exits, { on: "event", event: "" }])}>{t("journeys.field.exit_add")}</More>
      )}
    </>
  );
}

function AgainFields({ again, onChange }: { again: Again; onChange: (again: Again) => void }) {
  const { t } = useTranslation();
  const kind = typeof again === "string" ? again : "after";
  const begin = (next: string | null): Again => {
    const known = AGAINS.find((each) => each === next) ?? "when_ended";
    return known === "after" ? { after: "30d" } : known;
  };
  return (
    <>
      <Select
        label={t("journeys.field.again")}
        allowDeselect={false}
        data={AGAINS.map((value) => ({ value, label: t(`journeys.again.${value}`) }))}
        value={kind}
        onChange={(next) => next !== kind && onChange(begin(next))}
      />
      {typeof again === "object" && (
        <SpanField
          name={t("journeys.field.again_after")}
          value={again.after}
          onChange={(after) => onChange({ after })}
        />
      )}
    </>
  );
}
