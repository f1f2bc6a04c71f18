import { ActionIcon, Autocomplete, Group, Select, Text, Tooltip } from "@mantine/core";
import { IconChevronDown, IconChevronUp, IconFilter, IconX, type Icon } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import type { Catalogue } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import classes from "./Funnel.module.css";
import { DIMENSIONS, type Step } from "./spec";

/** One step: which event, and of which channel, region, dealer… if that matters. */
export function StepEditor({
  step,
  place: { at, last },
  catalogue,
  onChange,
  onMove,
  onRemove,
}: {
  step: Step;
  place: { at: number; last: number };
  catalogue: Catalogue;
  onChange: (step: Step) => void;
  onMove: (to: number) => void;
  onRemove: () => void;
}) {
  const { t } = useTranslation();
  const number = at + 1;
  return (
    <li className={classes.step}>
      <Group gap={6} mb={8} wrap="nowrap" justify="space-between">
        <span className={classes.number} aria-hidden>
          {number}
        </span>
        <Group gap={2} wrap="nowrap">
          {!step.dimension && (
            <Tool
              icon={IconFilter}
              name={t("funnel.step.narrow", { number })}
              onClick={() => onChange({ ...step, dimension: "channel" })}
            />
          )}
          <Tool
            icon={IconChevronUp}
            name={t("funnel.step.up", { number })}
            disabled={at === 0}
            onClick={() => onMove(at - 1)}
          />
          <Tool
            icon={IconChevronDown}
            name={t("funnel.step.down", { number })}
            disabled={at === last}
            onClick={() => onMove(at + 1)}
          />
          <Tool icon={IconX} name={t("funnel.step.remove", { number })} disabled={last === 0} onClick={onRemove} />
        </Group>
      </Group>
      <EventPicker step={step} number={number} catalogue={catalogue} onChange={onChange} />
      {step.dimension && <Narrowing step={step} number={number} catalogue={catalogue} onChange={onChange} />}
    </li>
  );
}

type Part = { step: Step; number: number; catalogue: Catalogue; onChange: (step: Step) => void };

function EventPicker({ step, number, catalogue, onChange }: Part) {
  const { t } = useTranslation();
  const format = useFormat();
  const counts = new Map(catalogue.events.map(({ event, count }) => [event, count]));
  const names = step.event && !counts.has(step.event) ? [step.event, ...counts.keys()] : [...counts.keys()];
  return (
    <Select
      size="xs"
      searchable
      aria-label={t("funnel.step.event", { number })}
      placeholder={t("funnel.step.choose")}
      nothingFoundMessage={t("funnel.step.no_event")}
      allowDeselect={false}
      maxDropdownHeight={320}
      data={names.map((event) => ({ value: event, label: label("event", event) }))}
      value={step.event || null}
      onChange={(event) => event && onChange({ ...step, event })}
      renderOption={({ option }) => (
        <Group justify="space-between" wrap="nowrap" gap="xs" w="100%">
          <span>
            {option.label}
            <Text size="xs" c="dimmed" ff="monospace" component="span" display="block">
              {option.value}
            </Text>
          </span>
          <Text size="xs" c="dimmed" className="num">
            {format.compact(counts.get(option.value) ?? 0)}
          </Text>
        </Group>
      )}
    />
  );
}

function Narrowing({ step, number, catalogue, onChange }: Part) {
  const { t } = useTranslation();
  const dimension = step.dimension ?? "channel";
  return (
    <Group gap={4} mt={6} wrap="nowrap">
      <Select
        size="xs"
        w={104}
        aria-label={t("funnel.step.dimension", { number })}
        allowDeselect={false}
        data={DIMENSIONS.map((name) => ({ value: name, label: t(`dimension.${name}`) }))}
        value={dimension}
        onChange={(name) =>
          onChange({ event: step.event, dimension: DIMENSIONS.find((known) => known === name) ?? dimension })
        }
        comboboxProps={{ width: 160, position: "bottom-start" }}
      />
      <Autocomplete
        size="xs"
        style={{ flex: 1 }}
        limit={60}
        aria-label={t("funnel.step.value", { number })}
        placeholder={t("funnel.step.any")}
        data={catalogue.dimensions[dimension] ?? []}
        value={step.value ?? ""}
        onChange={(value) => onChange({ ...step, value: value || undefined })}
      />
      <Tool icon={IconX} name={t("funnel.step.widen", { number })} onClick={() => onChange({ event: step.event })} />
    </Group>
  );
}

function Tool({
  icon: Picture,
  name,
  disabled,
  onClick,
}: {
  icon: Icon;
  name: string;
  disabled?: boolean;
  onClick: () => void;
}) {
  return (
    <Tooltip label={name}>
      <ActionIcon
        size="sm"
        variant="subtle"
        bg={disabled ? "transparent" : undefined}
        color="gray"
        c={disabled ? undefined : "dimmed"}
        disabled={disabled}
        aria-label={name}
        onClick={onClick}
      >
        <Picture size={14} />
      </ActionIcon>
    </Tooltip>
  );
}
