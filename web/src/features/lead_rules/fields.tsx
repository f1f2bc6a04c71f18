import { ActionIcon, Button, NumberInput, TagsInput } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import classes from "./LeadRules.module.css";

/** A whole number in the middle of a sentence, or of a table. */
export function Figure({
  label,
  value,
  min = 0,
  max,
  width = 76,
  onChange,
}: {
  label: string;
  value: number;
  min?: number;
  max?: number;
  width?: number;
  onChange: (value: number) => void;
}) {
  return (
    <NumberInput
      size="xs"
      w={width}
      min={min}
      max={max}
      allowDecimal={false}
      aria-label={label}
      value={value}
      onChange={(next) => onChange(Number(next) || 0)}
    />
  );
}

/** Channels by name; none stands for all. */
export function Channels({ channels, onChange }: { channels: string[]; onChange: (channels: string[]) => void }) {
  const { t } = useTranslation();
  return (
    <TagsInput
      size="xs"
      acceptValueOnBlur
      aria-label={t("lead_rules.channels")}
      placeholder={channels.length === 0 ? t("lead_rules.all_channels") : undefined}
      data={KNOWN_CHANNELS}
      value={channels}
      onChange={onChange}
    />
  );
}

/** What the usual rules of channels know; others may be typed. */
export const KNOWN_CHANNELS = [
  "cpc",
  "paid_social",
  "display",
  "email",
  "messenger",
  "social",
  "organic",
  "referral",
  "offline",
  "direct",
  "other",
];

export function Add({ name, onClick }: { name: string; onClick: () => void }) {
  return (
    <Button size="compact-sm" variant="subtle" leftSection={<IconPlus size={15} aria-hidden />} onClick={onClick}>
      {name}
    </Button>
  );
}

export function Remove({
  name,
  isDisabled = false,
  onClick,
}: {
  name: string;
  isDisabled?: boolean;
  onClick: () => void;
}) {
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      c="dimmed"
      className={classes.remove}
      aria-label={name}
      disabled={isDisabled}
      onClick={onClick}
    >
      <IconX size={15} />
    </ActionIcon>
  );
}
