import { ActionIcon, Button, TagsInput, Text, TextInput } from "@mantine/core";
import { IconCopy, IconPlus, IconX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useFormat } from "../ui/FormatContext";
import classes from "./HoursEditor.module.css";
import { isSpan } from "./hours";

/** A Monday: names of weekdays are taken from the days after it. */
const MONDAY_MS = Date.UTC(2026, 0, 5);
const DAY_MS = 86_400_000;
const USUAL = "09:00-18:00";
const DASH = "–";

/** When somebody is there, weekday by weekday; a day without a span is closed. */
export function HoursEditor({ hours, onChange }: { hours: string[][]; onChange: (hours: string[][]) => void }) {
  const { t } = useTranslation();
  const { language } = useFormat();
  const names = new Intl.DateTimeFormat(language, { weekday: "long", timeZone: "UTC" });
  return (
    <div>
      {hours.map((spans, day) => {
        const name = names.format(MONDAY_MS + day * DAY_MS);
        const set = (next: string[]) => onChange(hours.with(day, next));
        return (
          <div key={day} className={classes.day}>
            <span>{name}</span>
            <div className={classes.spans}>
              {spans.length === 0 && (
                <Text size="sm" c="dimmed">
                  {t("dealers.closed")}
                </Text>
              )}
              {spans.map((span, at) => (
                <Span
                  key={at}
                  day={name}
                  span={span}
                  onChange={(next) => set(spans.with(at, next))}
                  onRemove={() => set(spans.toSpliced(at, 1))}
                />
              ))}
              <Button
                size="compact-xs"
                variant="subtle"
                leftSection={<IconPlus size={13} aria-hidden />}
                onClick={() => set([...spans, spans.length === 0 ? USUAL : "14:00-18:00"])}
              >
                {t("dealers.hours.add")}
              </Button>
            </div>
            {day === 0 && (
              <Button
                size="compact-xs"
                variant="subtle"
                leftSection={<IconCopy size={13} aria-hidden />}
                onClick={() => onChange(hours.map((each, at) => (0 < at && at < 5 ? spans : each)))}
              >
                {t("dealers.hours.copy")}
              </Button>
            )}
          </div>
        );
      })}
    </div>
  );
}

function Span({
  day,
  span,
  onChange,
  onRemove,
}: {
  day: string;
  span: string;
  onChange: (span: string) => void;
  onRemove: () => void;
}) {
  const { t } = useTranslation();
  const [from = "", to = ""] = span.split("-");
  return (
    <span className={classes.span}>
      <TextInput
        size="xs"
        type="time"
        aria-label={t("dealers.hours.from", { day })}
        error={!isSpan(span)}
        value={from}
        onChange={(event) => onChange(`${event.currentTarget.value}-${to}`)}
      />
      {DASH}
      <TextInput
        size="xs"
        type="time"
        aria-label={t("dealers.hours.to", { day })}
        error={!isSpan(span)}
        value={to}
        onChange={(event) => onChange(`${from}-${event.currentTarget.value}`)}
      />
      <ActionIcon
        size="sm"
        variant="subtle"
        color="gray"
        c="dimmed"
        aria-label={t("dealers.hours.remove", { day, span })}
        onClick={onRemove}
      >
        <IconX size={14} />
      </ActionIcon>
    </span>
  );
}

/** Days on which nobody is there. */
export function HolidaysField({ holidays, onChange }: { holidays: string[]; onChange: (days: string[]) => void }) {
  const { t } = useTranslation();
  return (
    <TagsInput
      acceptValueOnBlur
      label={t("dealers.field.holidays")}
      description={t("dealers.field.holidays_hint")}
      placeholder={holidays.length === 0 ? "2026-12-31" : undefined}
      value={holidays}
      onChange={(days) => onChange(days.toSorted())}
    />
  );
}
