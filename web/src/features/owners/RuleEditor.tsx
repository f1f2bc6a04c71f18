import { ActionIcon, Checkbox, Group, MultiSelect, NumberInput, Select, TagsInput, TextInput } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import { catalogueQuery } from "../../report/queries";
import { DATES, INTERESTS, WHENS, type OwnerRule, type When } from "./api";
import classes from "./Owners.module.css";

const FRESH: Record<When["of"], When> = {
  before: { of: "before", date: "finance", days: 120 },
  owned: { of: "owned", months: 36 },
  unserviced: { of: "unserviced", months: 11 },
  likely: { of: "likely", percent: 10, within_days: 90 },
};

/** One rule, as a sentence with fields in it. */
export function RuleEditor({
  rule,
  onChange,
  onRemove,
}: {
  rule: OwnerRule;
  onChange: (rule: OwnerRule) => void;
  onRemove: () => void;
}) {
  const { t } = useTranslation();
  const set = (part: Partial<OwnerRule>) => onChange({ ...rule, ...part });
  return (
    <li className={classes.rule}>
      <Group gap="xs" wrap="nowrap">
        <TextInput
          size="xs"
          fw={600}
          aria-label={t("owners.rule.name")}
          placeholder={t("owners.rule.name")}
          value={rule.rule}
          onChange={(event) => set({ rule: event.currentTarget.value })}
        />
        <Select
          size="xs"
          allowDeselect={false}
          aria-label={t("owners.rule.interest")}
          data={INTERESTS.map((value) => ({ value, label: t(`owners.interest.${value}`) }))}
          value={rule.interest}
          onChange={(value) => set({ interest: INTERESTS.find((each) => each === value) ?? "service" })}
        />
        <ActionIcon
          ml="auto"
          variant="subtle"
          color="gray"
          c="dimmed"
          aria-label={t("owners.rule.remove", { name: rule.rule })}
          onClick={onRemove}
        >
          <IconX size={15} />
        </ActionIcon>
      </Group>
      <div className={classes.sentence}>
        <span>{t("owners.rule.opens")}</span>
        <Select
          size="xs"
          allowDeselect={false}
          aria-label={t("owners.rule.when")}
          data={WHENS.map((value) => ({ value, label: t(`owners.when.${value}`) }))}
          value={rule.when.of}
          onChange={(value) => set({ when: FRESH[WHENS.find((each) => each === value) ?? "before"] })}
        />
        <WhenFields when={rule.when} onChange={(when) => set({ when })} />
        <span>{t("owners.rule.for")}</span>
        <Count label={t("owners.rule.open_days")} value={rule.open_days} onChange={(open_days) => set({ open_days })} />
        <span>{t("owners.rule.days", { count: rule.open_days })}</span>
      </div>
      <Narrower rule={rule} onChange={set} />
    </li>
  );
}

/** Whom of the owners the rule is about. */
function Narrower({ rule, onChange }: { rule: OwnerRule; onChange: (part: Partial<OwnerRule>) => void }) {
  const { t } = useTranslation();
  const { did, models, purpose } = rule;
  const known = useQuery({ ...catalogueQuery, enabled: did !== undefined }).data?.events ?? [];
  const names = [...new Set([...(did?.events ?? []), ...known.map(({ event }) => event)])];
  return (
    <div className={classes.sentence}>
      <TagsInput
        size="xs"
        acceptValueOnBlur
        aria-label={t("owners.rule.models")}
        placeholder={models.length === 0 ? t("owners.rule.all_models") : undefined}
        value={models}
        onChange={(next) => onChange({ models: next })}
      />
      <TextInput
        size="xs"
        aria-label={t("owners.rule.purpose")}
        placeholder={t("owners.rule.purpose")}
        value={purpose}
        onChange={(event) => onChange({ purpose: event.currentTarget.value })}
      />
      <Checkbox
        label={t("owners.rule.did")}
        checked={did !== undefined}
        onChange={(event) =>
          onChange({ did: event.currentTarget.checked ? { events: ["car_viewed"], within_days: 7 } : undefined })
        }
      />
      {did && (
        <>
          <MultiSelect
            size="xs"
            searchable
            aria-label={t("owners.rule.events")}
            data={names.map((value) => ({ value, label: label("event", value) }))}
            value={did.events}
            onChange={(events) => onChange({ did: { ...did, events } })}
          />
          <span>{t("owners.rule.within")}</span>
          <Count
            label={t("owners.rule.within")}
            value={did.within_days}
            onChange={(within_days) => onChange({ did: { ...did, within_days } })}
          />
          <span>{t("owners.rule.days", { count: did.within_days })}</span>
        </>
      )}
    </div>
  );
}

function WhenFields({ when, onChange }: { when: When; onChange: (when: When) => void }) {
  const { t } = useTranslation();
  const name = t(`owners.when.${when.of}`);
  switch (when.of) {
    case "before":
      return (
        <>
          <Count label={name} value={when.days} onChange={(days) => onChange({ ...when, days })} />
          <span>{t("owners.rule.days_before", { count: when.days })}</span>
          <Select
            size="xs"
            allowDeselect={false}
            aria-label={t("owners.rule.date")}
            data={DATES.map((value) => ({ value, label: t(`owners.date.${value}`) }))}
            value={when.date}
            onChange={(value) => onChange({ ...when, date: DATES.find((each) => each === value) ?? "finance" })}
          />
        </>
      );
    case "owned":
    case "unserviced":
      return (
        <>
          <Count label={name} value={when.months} onChange={(months) => onChange({ ...when, months })} />
          <span>{t("owners.rule.months", { count: when.months })}</span>
        </>
      );
    case "likely":
      return (
        <>
          <Count label={name} value={when.percent} onChange={(percent) => onChange({ ...when, percent })} />
          <span>{t("owners.rule.percent_within")}</span>
          <Count
            label={t("owners.rule.within_days")}
            value={when.within_days}
            onChange={(within_days) => onChange({ ...when, within_days })}
          />
          <span>{t("owners.rule.days", { count: when.within_days })}</span>
        </>
      );
  }
}

function Count({ label, value, onChange }: { label: string; value: number; onChange: (value: number) => void }) {
  return (
    <NumberInput
      size="xs"
      w={76}
      min={0}
      aria-label={label}
      value={value}
      onChange={(next) => onChange(Number(next) || 0)}
    />
  );
}
