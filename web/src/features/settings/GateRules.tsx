import { ActionIcon, Button, MultiSelect, NumberInput, Select, Stack, Text, TextInput, Tooltip } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import { MESSAGE_CHANNELS, readChannel, type MessageChannel } from "../../message/channels";
import { BASES, gateQuery, type Budget, type Cap, type Gate, type Purpose, type QuietHours } from "../../message/gate";
import { idOf } from "../../ui/idOf";
import { Card } from "../../ui/Page";
import { Answer, RowsSkeleton } from "../../ui/states";
import { UnsavedBar } from "../../ui/UnsavedBar";
import classes from "./Gate.module.css";
import { useSetGate } from "./gateQueries";

const NAME_CHARS_MAX = 80;
const HOURS = { hour: 1, day: 24, week: 168 } as const;
const UNITS = ["hour", "day", "week"] as const;

/** By what messages are admitted. */
export function GateRules() {
  const gate = useQuery(gateQuery);
  return (
    <Answer
      query={gate}
      skeleton={
        <Card>
          <RowsSkeleton rows={8} />
        </Card>
      }
    >
      {(held) => <RuleFields key={JSON.stringify(held)} held={held} />}
    </Answer>
  );
}

function RuleFields({ held }: { held: Gate }) {
  const { t } = useTranslation();
  const set = useSetGate();
  const mayEdit = may(useMe().role, "edit_definitions");
  const [gate, setGate] = useState(held);
  const change = (part: Partial<Gate>) => setGate({ ...gate, ...part });
  const isChanged = JSON.stringify(gate) !== JSON.stringify(held);
  const isWhole =
    gate.purposes.every(({ name }) => name.trim() !== "") && gate.caps.every(({ name }) => name.trim() !== "");
  const save = () => {
    // A purpose that is new is called by its name, once that stands.
    const taken = gate.purposes.map(({ purpose_id }) => purpose_id).filter(Boolean);
    const purposes = gate.purposes.map((purpose) => {
      if (purpose.purpose_id) return purpose;
      const id = idOf(purpose.name, taken, "purpose");
      taken.push(id);
      return { ...purpose, purpose_id: id };
    });
    set.mutate({ ...gate, purposes });
  };
  return (
    <fieldset disabled={!mayEdit} className={classes.all}>
      <Stack gap="md">
        <Purposes purposes={gate.purposes} onChange={(purposes) => change({ purposes })} />
        <Caps caps={gate.caps} purposes={gate.purposes} onChange={(caps) => change({ caps })} />
        <Quiet quiet={gate.quiet_hours} onChange={(quiet_hours) => change({ quiet_hours })} />
        <Budgets budgets={gate.budgets} onChange={(budgets) => change({ budgets })} />
        <Card title={t("gate.zone.title")} hint={t("gate.zone.hint")}>
          <Select
            searchable
            allowDeselect={false}
            limit={60}
            maw={320}
            aria-label={t("gate.zone.title")}
            data={[...new Set([gate.tz, "UTC", ...Intl.supportedValuesOf("timeZone")])]}
            value={gate.tz}
            onChange={(tz) => tz && change({ tz })}
          />
        </Card>
        {isChanged && (
          <UnsavedBar
            className={classes.unsaved}
            isSaving={set.isPending}
            canSave={isWhole}
            onSave={save}
            onDiscard={() => setGate(held)}
          />
        )}
      </Stack>
    </fieldset>
  );
}

function Purposes({ purposes, onChange }: { purposes: Purpose[]; onChange: (purposes: Purpose[]) => void }) {
  const { t } = useTranslation();
  return (
    <Card
      title={t("gate.purposes.title")}
      hint={t("gate.purposes.hint")}
      actions={
        <Add
          name={t("gate.purposes.add")}
          onClick={() => onChange([...purposes, { purpose_id: "", name: "", basis: "opt_in" }])}
        />
      }
    >
      {purposes.map((purpose, at) => (
        // A purpose that is new has nothing of its own but its place.
        <div key={at} className={classes.rule}>
          <TextInput
            size="xs"
            style={{ flex: "1 1 180px", maxWidth: 260 }}
            maxLength={NAME_CHARS_MAX}
            aria-label={t("gate.purposes.name")}
            placeholder={t("gate.purposes.name")}
            value={purpose.name}
            onChange={(event) => onChange(purposes.with(at, { ...purpose, name: event.currentTarget.value }))}
          />
          <Select
            size="xs"
            w={250}
            allowDeselect={false}
            aria-label={t("gate.purposes.basis")}
            data={BASES.map((basis) => ({ value: basis, label: t(`message.basis.${basis}`) }))}
            value={purpose.basis}
            onChange={(value) =>
              onChange(purposes.with(at, { ...purpose, basis: BASES.find((basis) => basis === value) ?? "opt_in" }))
            }
          />
          <code className={classes.id}>{purpose.purpose_id}</code>
          {1 < purposes.length && (
            <Remove
              name={t("gate.remove", { name: purpose.name })}
              onClick={() => onChange(purposes.toSpliced(at, 1))}
            />
          )}
        </div>
      ))}
      <Text size="xs" c="dimmed" mt="xs">
        {t("gate.purposes.bases")}
      </Text>
    </Card>
  );
}

function Caps({ caps, purposes, onChange }: { caps: Cap[]; purposes: Purpose[]; onChange: (caps: Cap[]) => void }) {
  const { t } = useTranslation();
  const add = () => {
    const name = idOf(
      t("gate.caps.new"),
      caps.map(({ name }) => name),
      "cap",
    );
    onChange([...caps, { name, message_channels: [], purposes: [], most: 2, within_h: 24 }]);
  };
  return (
    <Card
      title={t("gate.caps.title")}
      hint={t("gate.caps.hint")}
      actions={<Add name={t("gate.caps.add")} onClick={add} />}
    >
      <None of={caps} words={t("gate.caps.none")} />
      {caps.map((cap, at) => {
        const set = (part: Partial<Cap>) => onChange(caps.with(at, { ...cap, ...part }));
        const unit = UNITS.findLast((each) => cap.within_h % HOURS[each] === 0) ?? "hour";
        return (
          <div key={at} className={classes.rule}>
            <span>{t("gate.caps.at_most")}</span>
            <Figure label={t("gate.caps.most")} value={cap.most} onChange={(most) => set({ most })} />
            <span>{t("gate.caps.messages_in", { count: cap.most })}</span>
            <Figure
              label={t("gate.caps.within")}
              value={cap.within_h / HOURS[unit]}
              onChange={(number) => set({ within_h: number * HOURS[unit] })}
            />
            <Select
              size="xs"
              w={104}
              allowDeselect={false}
              aria-label={t("gate.caps.unit")}
              data={UNITS.map((each) => ({
                value: each,
                label: t(`gate.unit.${each}`, { count: cap.within_h / HOURS[unit] }),
              }))}
              value={unit}
              onChange={(value) => {
                const next = UNITS.find((each) => each === value) ?? unit;
                set({ within_h: (cap.within_h / HOURS[unit]) * HOURS[next] });
              }}
            />
            <Remove name={t("gate.remove", { name: cap.name })} onClick={() => onChange(caps.toSpliced(at, 1))} />
            <span className={classes.turn} />
            <span>{t("gate.by")}</span>
            <Channels channels={cap.message_channels} onChange={(message_channels) => set({ message_channels })} />
            <span>{t("gate.for")}</span>
            <MultiSelect
              size="xs"
              style={{ flex: "1 1 170px", maxWidth: 300 }}
              aria-label={t("gate.caps.purposes")}
              placeholder={cap.purposes.length === 0 ? t("gate.caps.all_purposes") : undefined}
              data={purposes
                .filter(({ purpose_id }) => purpose_id)
                .map(({ purpose_id, name }) => ({ value: purpose_id, label: name }))}
              value={cap.purposes}
              onChange={(purposes) => set({ purposes })}
            />
            <span className={classes.called}>
              {t("gate.caps.called")}
              <TextInput
                size="xs"
                w={110}
                maxLength={NAME_CHARS_MAX}
                aria-label={t("gate.caps.name")}
                value={cap.name}
                onChange={(event) => set({ name: event.currentTarget.value })}
              />
            </span>
          </div>
        );
      })}
    </Card>
  );
}

function Quiet({ quiet, onChange }: { quiet: QuietHours[]; onChange: (quiet: QuietHours[]) => void }) {
  const { t } = useTranslation();
  return (
    <Card
      title={t("gate.quiet.title")}
      hint={t("gate.quiet.hint")}
      actions={
        <Add
          name={t("gate.quiet.add")}
          onClick={() => onChange([...quiet, { message_channels: [], from: "21:00", until: "09:00" }])}
        />
      }
    >
      <None of={quiet} words={t("gate.quiet.none")} />
      {quiet.map((hours, at) => {
        const set = (part: Partial<QuietHours>) => onChange(quiet.with(at, { ...hours, ...part }));
        return (
          <div key={at} className={classes.rule}>
            <span>{t("gate.quiet.from")}</span>
            <TextInput
              size="xs"
              type="time"
              aria-label={t("gate.quiet.begins")}
              value={hours.from}
              onChange={(event) => set({ from: event.currentTarget.value })}
            />
            <span>{t("gate.quiet.until")}</span>
            <TextInput
              size="xs"
              type="time"
              aria-label={t("gate.quiet.ends")}
              value={hours.until}
              onChange={(event) => set({ until: event.currentTarget.value })}
            />
            <span>{t("gate.quiet.nothing_by")}</span>
            <Channels channels={hours.message_channels} onChange={(message_channels) => set({ message_channels })} />
            <Remove
              name={t("gate.remove", { name: `${hours.from}–${hours.until}` })}
              onClick={() => onChange(quiet.toSpliced(at, 1))}
            />
          </div>
        );
      })}
    </Card>
  );
}

function Budgets({ budgets, onChange }: { budgets: Budget[]; onChange: (budgets: Budget[]) => void }) {
  const { t } = useTranslation();
  const free = MESSAGE_CHANNELS.filter((channel) => !budgets.some((each) => each.message_channel === channel));
  const [next] = free.includes("sms") ? ["sms" as const] : free;
  return (
    <Card
      title={t("gate.budgets.title")}
      hint={t("gate.budgets.hint")}
      actions={
        next && (
          <Add
            name={t("gate.budgets.add")}
            onClick={() => onChange([...budgets, { message_channel: next, per_day: 5_000 }])}
          />
        )
      }
    >
      <None of={budgets} words={t("gate.budgets.none")} />
      {budgets.map((budget, at) => (
        <div key={budget.message_channel} className={classes.rule}>
          <span>{t("gate.budgets.at_most")}</span>
          <Figure
            wide
            label={t("gate.budgets.per_day")}
            value={budget.per_day}
            onChange={(per_day) => onChange(budgets.with(at, { ...budget, per_day }))}
          />
          <span>{t("gate.budgets.a_day_by")}</span>
          <Select
            size="xs"
            w={130}
            allowDeselect={false}
            aria-label={t("gate.budgets.channel")}
            data={[budget.message_channel, ...free].map((value) => ({ value, label: t(`message.channel.${value}`) }))}
            value={budget.message_channel}
            onChange={(value) =>
              onChange(budgets.with(at, { ...budget, message_channel: readChannel(value) ?? budget.message_channel }))
            }
          />
          <Remove
            name={t("gate.remove", { name: t(`message.channel.${budget.message_channel}`) })}
            onClick={() => onChange(budgets.toSpliced(at, 1))}
          />
        </div>
      ))}
    </Card>
  );
}

function Channels({
  channels,
  onChange,
}: {
  channels: MessageChannel[];
  onChange: (channels: MessageChannel[]) => void;
}) {
  const { t } = useTranslation();
  return (
    <MultiSelect
      size="xs"
      style={{ flex: "1 1 170px", maxWidth: 420 }}
      aria-label={t("gate.channels")}
      placeholder={channels.length === 0 ? t("gate.all_channels") : undefined}
      data={MESSAGE_CHANNELS.map((value) => ({ value, label: t(`message.channel.${value}`) }))}
      value={channels}
      onChange={(values) => onChange(values.map(readChannel).filter((channel) => channel !== undefined))}
    />
  );
}

function Figure({
  label,
  value,
  wide = false,
  onChange,
}: {
  label: string;
  value: number;
  wide?: boolean;
  onChange: (value: number) => void;
}) {
  return (
    <NumberInput
      size="xs"
      w={wide ? 104 : 68}
      min={1}
      allowDecimal={false}
      thousandSeparator=" "
      aria-label={label}
      value={value}
      onChange={(next) => onChange(Math.max(1, Number(next) || 1))}
    />
  );
}

function None({ of, words }: { of: unknown[]; words: string }) {
  if (0 < of.length) return null;
  return (
    <Text size="sm" c="dimmed">
      {words}
    </Text>
  );
}

function Add({ name, onClick }: { name: ReactNode; onClick: () => void }) {
  return (
    <Button size="compact-sm" variant="subtle" leftSection={<IconPlus size={15} aria-hidden />} onClick={onClick}>
      {name}
    </Button>
  );
}

function Remove({ name, onClick }: { name: string; onClick: () => void }) {
  return (
    <Tooltip label={name}>
      <ActionIcon
        variant="subtle"
        color="gray"
        c="dimmed"
        size={30}
        className={classes.remove}
        aria-label={name}
        onClick={onClick}
      >
        <IconX size={15} />
      </ActionIcon>
    </Tooltip>
  );
}
