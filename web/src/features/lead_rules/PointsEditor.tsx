import { Autocomplete, Group, Select, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import { catalogueQuery } from "../../report/queries";
import { segmentsQuery } from "../../segment/queries";
import { Card } from "../../ui/Page";
import { KNOWN_FIELDS, WHENS, type PointRule, type When } from "./api";
import { Add, Figure, KNOWN_CHANNELS, Remove } from "./fields";
import classes from "./LeadRules.module.css";

const FRESH: Record<When["of"], When> = {
  segment: { of: "segment", segment_id: "" },
  channel: { of: "channel", channel: "" },
  model: { of: "model", model: "" },
  event: { of: "event", event: "", within_days: 14 },
  known: { of: "known", field: "phone" },
};
const POINTS_MAX = 100;

/** What makes a lead worth more, or less. */
export function PointsEditor({
  points,
  base,
  onPoints,
  onBase,
}: {
  points: PointRule[];
  base: number;
  onPoints: (points: PointRule[]) => void;
  onBase: (base: number) => void;
}) {
  const { t } = useTranslation();
  return (
    <Card
      title={t("lead_rules.points.title")}
      hint={t("lead_rules.points.hint")}
      actions={
        <Add
          name={t("lead_rules.points.add")}
          onClick={() => onPoints([...points, { says: "", when: FRESH.event, points: 10 }])}
        />
      }
    >
      <Group gap="xs" className={classes.sentence} mb="xs">
        <span>{t("lead_rules.points.base")}</span>
        <Figure label={t("lead_rules.points.base")} value={base} min={-POINTS_MAX} max={POINTS_MAX} onChange={onBase} />
        <span>{t("lead_rules.points.unit", { count: Math.abs(base) })}</span>
      </Group>
      {points.map((rule, at) => {
        const set = (part: Partial<PointRule>) => onPoints(points.with(at, { ...rule, ...part }));
        return (
          // A line that is new has nothing of its own but its place.
          <div key={at} className={classes.point}>
            <TextInput
              size="xs"
              aria-label={t("lead_rules.points.says")}
              placeholder={t("lead_rules.points.says")}
              value={rule.says}
              onChange={(event) => set({ says: event.currentTarget.value })}
            />
            <Select
              size="xs"
              allowDeselect={false}
              aria-label={t("lead_rules.points.when")}
              data={WHENS.map((value) => ({ value, label: t(`lead_rules.when.${value}`) }))}
              value={rule.when.of}
              onChange={(value) => set({ when: FRESH[WHENS.find((each) => each === value) ?? "event"] })}
            />
            <div className={classes.asked}>
              <WhenField when={rule.when} onChange={(when) => set({ when })} />
            </div>
            <Figure
              label={t("lead_rules.points.points")}
              value={rule.points}
              min={-POINTS_MAX}
              max={POINTS_MAX}
              onChange={(next) => set({ points: next })}
            />
            <Remove
              name={t("lead_rules.remove", { name: rule.says || String(at + 1) })}
              onClick={() => onPoints(points.toSpliced(at, 1))}
            />
          </div>
        );
      })}
    </Card>
  );
}

function WhenField({ when, onChange }: { when: When; onChange: (when: When) => void }) {
  const { t } = useTranslation();
  const segments = useQuery({ ...segmentsQuery, enabled: when.of === "segment" }).data?.segments ?? [];
  const events = useQuery({ ...catalogueQuery, enabled: when.of === "event" }).data?.events ?? [];
  const name = t(`lead_rules.when.${when.of}`);
  switch (when.of) {
    case "segment":
      return (
        <Select
          size="xs"
          searchable
          allowDeselect={false}
          aria-label={name}
          placeholder={t("lead_rules.choose")}
          data={segments.map(({ segment_id, name }) => ({ value: segment_id, label: name }))}
          value={when.segment_id || null}
          onChange={(segment_id) => segment_id && onChange({ ...when, segment_id })}
        />
      );
    case "channel":
      return (
        <Autocomplete
          size="xs"
          aria-label={name}
          data={KNOWN_CHANNELS}
          value={when.channel}
          onChange={(channel) => onChange({ ...when, channel })}
        />
      );
    case "model":
      return (
        <TextInput
          size="xs"
          aria-label={name}
          value={when.model}
          onChange={(event) => onChange({ ...when, model: event.currentTarget.value })}
        />
      );
    case "event":
      return (
        <>
          <Select
            size="xs"
            searchable
            allowDeselect={false}
            aria-label={name}
            placeholder={t("lead_rules.choose")}
            data={[...new Set([when.event, ...events.map(({ event }) => event)])]
              .filter(Boolean)
              .map((value) => ({ value, label: label("event", value) }))}
            value={when.event || null}
            onChange={(event) => event && onChange({ ...when, event })}
          />
          <Text size="xs" c="dimmed">
            {t("lead_rules.points.within")}
          </Text>
          <Figure
            label={t("lead_rules.points.within_days")}
            value={when.within_days}
            min={1}
            width={60}
            onChange={(within_days) => onChange({ ...when, within_days })}
          />
          <Text size="xs" c="dimmed">
            {t("lead_rules.points.days", { count: when.within_days })}
          </Text>
        </>
      );
    case "known":
      return (
        <Select
          size="xs"
          allowDeselect={false}
          aria-label={name}
          data={KNOWN_FIELDS.map((value) => ({ value, label: t(`lead_rules.known.${value}`) }))}
          value={when.field}
          onChange={(value) => onChange({ ...when, field: KNOWN_FIELDS.find((each) => each === value) ?? "phone" })}
        />
      );
  }
}
