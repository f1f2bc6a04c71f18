import { Chip, Group, NumberInput, Select, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import { fieldsQuery } from "../../segment/queries";
import { PickOrType, SpanField } from "../../segment/tree/fields";
import { useBench } from "./bench";
import type { Wait } from "./journey";
import classes from "./Panel.module.css";
import { WEEKDAYS, weekday } from "./sentence";
import { Named, type FormOf } from "./StepForm";

const MODES = ["lasting", "until", "date"] as const;
type Mode = (typeof MODES)[number];

const DAYS_MOST = 365;

function blank(mode: Mode): Wait {
  if (mode === "until") return { until: { at: "10:00" } };
  if (mode === "date") return { date: { field: "", days: -1, at: "10:00" } };
  return { lasting: "1d" };
}

/** For a while, until a time of day, or until a date that is known. */
export function WaitForm({ does, onChange }: FormOf<"wait">) {
  const { t } = useTranslation();
  const { wait } = does;
  const mode = MODES.find((each) => each in wait) ?? "lasting";
  const set = (next: Wait) => {
    // Only a date can be missing: without one there is no second way.
    const { otherwise, ...rest } = does;
    onChange({ ...rest, wait: next, ...("date" in next && otherwise !== undefined && { otherwise }) });
  };
  return (
    <>
      <Select
        label={t("journeys.field.wait")}
        allowDeselect={false}
        data={MODES.map((value) => ({ value, label: t(`journeys.wait.${value}`) }))}
        value={mode}
        onChange={(next) => next !== mode && set(blank(MODES.find((each) => each === next) ?? "lasting"))}
      />
      {"lasting" in wait && (
        <Named name={t("journeys.field.lasting")}>
          <SpanField name={t("journeys.field.lasting")} value={wait.lasting} onChange={(lasting) => set({ lasting })} />
        </Named>
      )}
      {"until" in wait && (
        <>
          <TimeOfDay at={wait.until.at} onChange={(at) => set({ until: { ...wait.until, at } })} />
          <Named name={t("journeys.field.weekdays")}>
            <Chip.Group
              multiple
              value={(wait.until.weekdays ?? []).map(String)}
              onChange={(days) => {
                const weekdays = days.map(Number).toSorted((a, b) => a - b);
                set({ until: { at: wait.until.at, ...(0 < weekdays.length && { weekdays }) } });
              }}
            >
              <Group gap={5}>
                {WEEKDAYS.map((day) => (
                  <Chip key={day} size="xs" value={String(day)}>
                    {weekday(t, day)}
                  </Chip>
                ))}
              </Group>
            </Chip.Group>
          </Named>
        </>
      )}
      {"date" in wait && <DateFields date={wait.date} onChange={(date) => set({ date })} />}
    </>
  );
}

type Dated = Extract<Wait, { date: unknown }>["date"];

function DateFields({ date, onChange }: { date: Dated; onChange: (date: Dated) => void }) {
  const { t } = useTranslation();
  const { journey } = useBench();
  const { data } = useQuery(fieldsQuery);
  const { entry } = journey;
  const own = entry.by === "event" ? (data?.events.find(({ event }) => event === entry.event)?.properties ?? []) : [];
  return (
    <>
      <Named name={t("journeys.field.date")} hint={t("journeys.field.date_hint")}>
        <PickOrType
          name={t("journeys.field.date")}
          className={classes.whole}
          value={date.field}
          data={[
            ...(data?.traits ?? []).map((name) => ({ value: name, label: label("trait", name) })),
            ...own.map((name) => ({ value: `properties.${name}`, label: `properties.${name}` })),
          ]}
          onChange={(field) => onChange({ ...date, field })}
        />
      </Named>
      <NumberInput
        label={t("journeys.field.days")}
        w={160}
        min={-DAYS_MOST}
        max={DAYS_MOST}
        allowDecimal={false}
        value={date.days}
        onChange={(days) => onChange({ ...date, days: Number(days) || 0 })}
      />
      <TimeOfDay
        at={date.at ?? ""}
        onChange={(at) => {
          const { at: _, ...rest } = date;
          onChange({ ...rest, ...(at && { at }) });
        }}
      />
    </>
  );
}

function TimeOfDay({ at, onChange }: { at: string; onChange: (at: string) => void }) {
  const { t } = useTranslation();
  return (
    <TextInput
      type="time"
      w={160}
      label={t("journeys.field.at")}
      description={t("journeys.field.at_hint")}
      value={at}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
