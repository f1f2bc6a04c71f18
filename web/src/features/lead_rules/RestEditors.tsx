import { Checkbox, Group, MultiSelect, Textarea, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import { catalogueQuery } from "../../report/queries";
import { Card } from "../../ui/Page";
import type { LeadRules } from "./api";
import { Add, Figure, Remove } from "./fields";
import classes from "./LeadRules.module.css";

const SCRIPT_CHARS_MAX = 8_000;
const FIGURES = ["tries_max", "gap_min", "claim_min"] as const;

/** How the contact centre calls: how often, how far apart, and what it says. */
export function Verification({
  verification,
  onChange,
}: {
  verification: LeadRules["verification"];
  onChange: (verification: LeadRules["verification"]) => void;
}) {
  const { t } = useTranslation();
  return (
    <Card title={t("lead_rules.verification.title")} hint={t("lead_rules.verification.hint")}>
      <Group gap="lg" mb="md">
        {FIGURES.map((field) => (
          <Group key={field} gap="xs" className={classes.sentence}>
            <span>{t(`lead_rules.verification.${field}`)}</span>
            <Figure
              label={t(`lead_rules.verification.${field}`)}
              value={verification[field]}
              min={1}
              onChange={(value) => onChange({ ...verification, [field]: value })}
            />
          </Group>
        ))}
      </Group>
      <Textarea
        autosize
        minRows={3}
        maxRows={14}
        maxLength={SCRIPT_CHARS_MAX}
        label={t("lead_rules.verification.script")}
        value={verification.script}
        onChange={(event) => onChange({ ...verification, script: event.currentTarget.value })}
      />
    </Card>
  );
}

/** Why leads are lost, as dealers may say it; what is not believed is looked into. */
export function Lost({
  reasons,
  onChange,
}: {
  reasons: LeadRules["lost_reasons"];
  onChange: (reasons: LeadRules["lost_reasons"]) => void;
}) {
  const { t } = useTranslation();
  return (
    <Card
      title={t("lead_rules.lost.title")}
      hint={t("lead_rules.lost.hint")}
      actions={
        <Add
          name={t("lead_rules.lost.add")}
          onClick={() => onChange([...reasons, { reason: "", is_believed: true }])}
        />
      }
    >
      {reasons.map((each, at) => (
        // A reason that is new has nothing of its own but its place.
        <div key={at} className={classes.lost}>
          <TextInput
            size="xs"
            aria-label={t("lead_rules.lost.reason")}
            placeholder={t("lead_rules.lost.reason")}
            value={each.reason}
            onChange={(event) => onChange(reasons.with(at, { ...each, reason: event.currentTarget.value }))}
          />
          <Checkbox
            label={t("lead_rules.lost.is_believed")}
            checked={each.is_believed}
            onChange={(event) => onChange(reasons.with(at, { ...each, is_believed: event.currentTarget.checked }))}
          />
          <Remove
            name={t("lead_rules.remove", { name: each.reason })}
            onClick={() => onChange(reasons.toSpliced(at, 1))}
          />
        </div>
      ))}
    </Card>
  );
}

/** When a lead falls silent, and what wakes it. */
export function Reappear({
  silentDays,
  reappear,
  onSilentDays,
  onChange,
}: {
  silentDays: number;
  reappear: LeadRules["reappear"];
  onSilentDays: (days: number) => void;
  onChange: (reappear: LeadRules["reappear"]) => void;
}) {
  const { t } = useTranslation();
  const events = useQuery(catalogueQuery).data?.events ?? [];
  const names = [...new Set([...reappear.events, ...events.map(({ event }) => event)])];
  return (
    <Card title={t("lead_rules.reappear.title")} hint={t("lead_rules.reappear.hint")}>
      <Group gap="xs" className={classes.sentence}>
        <span>{t("lead_rules.reappear.silent")}</span>
        <Figure label={t("lead_rules.reappear.silent")} value={silentDays} min={1} onChange={onSilentDays} />
        <span>{t("lead_rules.reappear.silent_rest", { count: silentDays })}</span>
      </Group>
      <MultiSelect
        searchable
        my="sm"
        label={t("lead_rules.reappear.events")}
        data={names.map((value) => ({ value, label: label("event", value) }))}
        value={reappear.events}
        onChange={(chosen) => onChange({ ...reappear, events: chosen })}
      />
      <Group gap="xs" className={classes.sentence}>
        <span>{t("lead_rules.reappear.quiet")}</span>
        <Figure
          label={t("lead_rules.reappear.quiet")}
          value={reappear.quiet_h}
          onChange={(quiet_h) => onChange({ ...reappear, quiet_h })}
        />
        <span>{t("lead_rules.reappear.quiet_rest", { count: reappear.quiet_h })}</span>
      </Group>
    </Card>
  );
}
