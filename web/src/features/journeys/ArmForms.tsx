import { ActionIcon, Button, Group, NumberInput, Select, Text, TextInput, Tooltip } from "@mantine/core";
import { IconEqual, IconPlus, IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { PropertyField, TestFields, useKnownValues } from "../../segment/tree/fields";
import { useFormat } from "../../ui/FormatContext";
import { useBench } from "./bench";
import { ARMS_MAX, type Arm, type Condition, type Share } from "./journey";
import classes from "./Panel.module.css";
import { MessageCame } from "./pickers";
import { RuleField } from "./RuleField";
import type { FormOf } from "./StepForm";

const NAME_CHARS_MAX = 60;
const WHOLE = 1_000;
const ONS = ["person", "event", "message"] as const;

const named = <Held extends { name?: string }>({ name: _, ...rest }: Held, name: string) =>
  ({ ...rest, ...(name && { name }) }) as Held;

/** The ways of a branch, each with its condition; the first that holds is taken. */
export function BranchForm({ does, onChange }: FormOf<"branch">) {
  const { t } = useTranslation();
  const { arms } = does;
  const set = (next: Arm[]) => onChange({ ...does, arms: next });
  return (
    <>
      <Text size="xs" c="dimmed">
        {t("journeys.field.arm_hint")}
      </Text>
      {arms.map((arm, at) => (
        // Ways have no name but their place.
        <section key={at} className={classes.arm} aria-label={t("journeys.field.arm", { number: at + 1 })}>
          <ArmHead
            at={at}
            name={arm.name ?? ""}
            onName={(name) => set(arms.with(at, named(arm, name)))}
            onRemove={1 < arms.length ? () => set(arms.toSpliced(at, 1)) : undefined}
          />
          <ConditionFields condition={arm.when} onChange={(when) => set(arms.with(at, { ...arm, when }))} />
        </section>
      ))}
      {arms.length < ARMS_MAX && (
        <Button
          size="compact-sm"
          variant="subtle"
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={() => set([...arms, { when: { on: "person", rule: { if: "all", rules: [] } } }])}
        >
          {t("journeys.field.arm_add")}
        </Button>
      )}
    </>
  );
}

function ArmHead({
  at,
  name,
  onName,
  onRemove,
}: {
  at: number;
  name: string;
  onName: (name: string) => void;
  onRemove: (() => void) | undefined;
}) {
  const { t } = useTranslation();
  const remove = t("journeys.field.arm_remove", { number: at + 1 });
  return (
    <div className={classes.armHead}>
      <TextInput
        size="xs"
        maxLength={NAME_CHARS_MAX}
        aria-label={t("journeys.field.arm_name", { number: at + 1 })}
        placeholder={t("journeys.field.arm", { number: at + 1 })}
        value={name}
        onChange={(event) => onName(event.currentTarget.value)}
      />
      {onRemove && (
        <Tooltip label={remove}>
          <ActionIcon variant="subtle" color="gray" c="dimmed" aria-label={remove} onClick={onRemove}>
            <IconTrash size={15} />
          </ActionIcon>
        </Tooltip>
      )}
    </div>
  );
}

function ConditionFields({ condition, onChange }: { condition: Condition; onChange: (condition: Condition) => void }) {
  const { t } = useTranslation();
  const { journey } = useBench();
  const begin = (on: Condition["on"]): Condition => {
    if (on === "event") return { on, field: "", is: { op: "is", values: [] } };
    if (on === "message") return { on, step_id: "", came: "read" };
    return { on, rule: { if: "all", rules: [] } };
  };
  return (
    <>
      <Select
        size="xs"
        allowDeselect={false}
        aria-label={t("journeys.field.arm_on")}
        data={ONS.map((value) => ({ value, label: t(`journeys.arm_on.${value}`) }))}
        value={condition.on}
        onChange={(next) => next !== condition.on && onChange(begin(ONS.find((each) => each === next) ?? "person"))}
      />
      {condition.on === "person" && (
        <RuleField
          label={t("journeys.arm_on.person")}
          rule={condition.rule}
          onChange={(rule) => onChange({ on: "person", rule })}
        />
      )}
      {condition.on === "event" && (
        <EventTest
          event={journey.entry.by === "event" ? journey.entry.event : "*"}
          condition={condition}
          onChange={onChange}
        />
      )}
      {condition.on === "message" && (
        <MessageCame
          stepId={condition.step_id}
          came={condition.came}
          onChange={(next) => onChange({ on: "message", ...next })}
        />
      )}
    </>
  );
}

function EventTest({
  event,
  condition,
  onChange,
}: {
  event: string;
  condition: Extract<Condition, { on: "event" }>;
  onChange: (condition: Condition) => void;
}) {
  const known = useKnownValues(condition.field);
  return (
    <div className={classes.line}>
      <PropertyField event={event} value={condition.field} onChange={(field) => onChange({ ...condition, field })} />
      <TestFields test={condition.is} known={known} onChange={(is) => onChange({ ...condition, is })} />
    </div>
  );
}

/** The ways of a split, each with its share; together they are everybody. */
export function SplitForm({ does, onChange }: FormOf<"split">) {
  const { t } = useTranslation();
  const format = useFormat();
  const { arms } = does;
  const set = (next: Share[]) => onChange({ ...does, arms: next });
  const sum = arms.reduce((total, { share }) => total + share, 0);
  return (
    <>
      {arms.map((arm, at) => (
        <div key={at} className={classes.share}>
          <ArmHead
            at={at}
            name={arm.name ?? ""}
            onName={(name) => set(arms.with(at, named(arm, name)))}
            onRemove={2 < arms.length ? () => set(arms.toSpliced(at, 1)) : undefined}
          />
          <NumberInput
            size="xs"
            w={84}
            min={0}
            max={100}
            decimalScale={1}
            suffix="%"
            aria-label={`${t("journeys.field.share")} ${arm.name ?? at + 1}`}
            error={sum !== WHOLE}
            value={arm.share / 10}
            onChange={(percent) => {
              const share = Math.round(Number(percent) * 10) || 0;
              // Of two, the other is what is left.
              set(
                arms.map((each, place) =>
                  place === at
                    ? { ...each, share }
                    : arms.length === 2
                      ? { ...each, share: Math.max(0, WHOLE - share) }
                      : each,
                ),
              );
            }}
          />
        </div>
      ))}
      {sum !== WHOLE && (
        <Text size="xs" c="var(--fc-bad)">
          {t("journeys.field.share_sum", { sum: format.percent(sum / WHOLE), whole: format.percent(1) })}
        </Text>
      )}
      <Group gap="xs">
        {arms.length < ARMS_MAX && (
          <Button
            size="compact-sm"
            variant="subtle"
            leftSection={<IconPlus size={14} aria-hidden />}
            onClick={() => set(evenly([...arms, { name: String.fromCharCode(65 + arms.length), share: 0 }]))}
          >
            {t("journeys.field.arm_add")}
          </Button>
        )}
        <Button
          size="compact-sm"
          variant="subtle"
          leftSection={<IconEqual size={14} aria-hidden />}
          onClick={() => set(evenly(arms))}
        >
          {t("journeys.field.share_evenly")}
        </Button>
      </Group>
    </>
  );
}

/** The same share for all; what does not divide goes to the first. */
function evenly(arms: Share[]): Share[] {
  const each = Math.floor(WHOLE / arms.length);
  return arms.map((arm, at) => ({ ...arm, share: at === 0 ? WHOLE - each * (arms.length - 1) : each }));
}
