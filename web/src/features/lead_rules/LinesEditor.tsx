import { Checkbox, Group, Select, Stack, TagsInput, Text, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { HolidaysField, HoursEditor } from "../../lead/HoursEditor";
import { Card } from "../../ui/Page";
import type { RingLine, RingStep } from "./api";
import { Add, Channels, Figure, Remove } from "./fields";
import classes from "./LeadRules.module.css";

const ALWAYS: string[][] = [];
const OFFICE = ["09:00-18:00"];
const WEEK = [OFFICE, OFFICE, OFFICE, OFFICE, OFFICE, [], []];
const NEW_STEP: RingStep = { people: [], ring_s: 20, rings_max: 0, only_free: true };

/** Who of the contact centre is rung for a lead, and who next. */
export function Lines({ lines, onChange }: { lines: RingLine[]; onChange: (lines: RingLine[]) => void }) {
  const { t } = useTranslation();
  const add = () => onChange([...lines, newLine(t("lead_rules.lines.name_of_new"), lines.length)]);
  return (
    <Card
      title={t("lead_rules.lines.title")}
      hint={t("lead_rules.lines.hint")}
      actions={<Add name={t("lead_rules.lines.add")} onClick={add} />}
    >
      {lines.length === 0 && (
        <Text size="sm" c="dimmed">
          {t("lead_rules.lines.none")}
        </Text>
      )}
      <Stack gap="lg">
        {lines.map((line, at) => (
          <Line
            // A line that is new has nothing of its own but its place.
            key={at}
            line={line}
            onChange={(next) => onChange(lines.with(at, next))}
            onRemove={() => onChange(lines.toSpliced(at, 1))}
          />
        ))}
      </Stack>
    </Card>
  );
}

function newLine(name: string, others: number): RingLine {
  const tz = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const line = others === 0 ? name : `${name} ${others + 1}`;
  return { line, hours: { tz, week: WEEK, holidays: [] }, channels: [], takes_new: others === 0, steps: [NEW_STEP] };
}

function Line({
  line,
  onChange,
  onRemove,
}: {
  line: RingLine;
  onChange: (line: RingLine) => void;
  onRemove: () => void;
}) {
  const { t } = useTranslation();
  const { hours, steps } = line;
  const change = (part: Partial<RingLine>) => onChange({ ...line, ...part });
  return (
    <section className={classes.line} aria-label={line.line}>
      <Group gap="sm" wrap="nowrap" align="end">
        <TextInput
          style={{ flex: 1 }}
          maw={260}
          label={t("lead_rules.lines.name")}
          value={line.line}
          onChange={(event) => change({ line: event.currentTarget.value })}
        />
        <Checkbox
          mb={8}
          label={t("lead_rules.lines.takes_new")}
          checked={line.takes_new}
          onChange={(event) => change({ takes_new: event.currentTarget.checked })}
        />
        <div style={{ marginInlineStart: "auto" }}>
          <Remove name={t("lead_rules.remove", { name: line.line })} onClick={onRemove} />
        </div>
      </Group>
      {line.takes_new && (
        <div className={classes.lineChannels}>
          <Text size="sm">{t("lead_rules.lines.channels")}</Text>
          <Channels channels={line.channels} onChange={(channels) => change({ channels })} />
        </div>
      )}
      <ol className={classes.steps}>
        {steps.map((step, at) => (
          <Step
            key={at}
            step={step}
            isOnly={steps.length === 1}
            onChange={(next) => change({ steps: steps.with(at, next) })}
            onRemove={() => change({ steps: steps.toSpliced(at, 1) })}
          />
        ))}
      </ol>
      <Add name={t("lead_rules.lines.add_step")} onClick={() => change({ steps: [...steps, NEW_STEP] })} />
      <details className={classes.hours}>
        <summary>
          {t(hours.week.length === 0 ? "lead_rules.lines.always" : "lead_rules.lines.hours", { zone: hours.tz })}
        </summary>
        <Checkbox
          my="xs"
          label={t("lead_rules.lines.always")}
          checked={hours.week.length === 0}
          onChange={(event) => change({ hours: { ...hours, week: event.currentTarget.checked ? ALWAYS : WEEK } })}
        />
        {0 < hours.week.length && (
          <Stack gap="sm">
            <Select
              searchable
              maw={300}
              label={t("lead_rules.lines.zone")}
              data={[...new Set(["UTC", ...Intl.supportedValuesOf("timeZone"), ...(hours.tz ? [hours.tz] : [])])]}
              value={hours.tz || "UTC"}
              onChange={(tz) => change({ hours: { ...hours, tz: tz ?? "" } })}
            />
            <HoursEditor hours={hours.week} onChange={(week) => change({ hours: { ...hours, week } })} />
            <HolidaysField
              holidays={hours.holidays}
              onChange={(holidays) => change({ hours: { ...hours, holidays } })}
            />
          </Stack>
        )}
      </details>
    </section>
  );
}

function Step({
  step,
  isOnly,
  onChange,
  onRemove,
}: {
  step: RingStep;
  isOnly: boolean;
  onChange: (step: RingStep) => void;
  onRemove: () => void;
}) {
  const { t } = useTranslation();
  const { people, ring_s, rings_max, only_free } = step;
  return (
    <li>
      <div className={classes.step}>
        <TagsInput
          size="xs"
          acceptValueOnBlur
          aria-label={t("lead_rules.lines.people")}
          placeholder={people.length === 0 ? t("lead_rules.lines.people") : undefined}
          error={people.some((email) => !email.includes("@"))}
          value={people}
          onChange={(chosen) => onChange({ ...step, people: chosen.map((email) => email.trim().toLowerCase()) })}
        />
        <Remove name={t("lead_rules.lines.remove_step")} isDisabled={isOnly} onClick={onRemove} />
        <Group gap="xs" className={classes.sentence}>
          <span>{t("lead_rules.lines.rings")}</span>
          <Figure
            label={t("lead_rules.lines.ring_s")}
            value={ring_s}
            min={5}
            max={3_600}
            onChange={(next) => onChange({ ...step, ring_s: next })}
          />
          <span>{t("lead_rules.lines.seconds_at")}</span>
          <Figure
            label={t("lead_rules.lines.rings_max")}
            value={rings_max}
            onChange={(next) => onChange({ ...step, rings_max: next })}
          />
          <span>{t(rings_max === 0 ? "lead_rules.lines.of_all" : "lead_rules.lines.of_them")}</span>
          <Checkbox
            label={t("lead_rules.lines.only_free")}
            checked={only_free}
            onChange={(event) => onChange({ ...step, only_free: event.currentTarget.checked })}
          />
        </Group>
      </div>
    </li>
  );
}
