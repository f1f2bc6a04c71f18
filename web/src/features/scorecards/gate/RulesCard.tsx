import { Alert, Button, Group, NumberInput, Switch, Text, TextInput } from "@mantine/core";
import { IconFlask } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { label } from "../../../api/labels";
import { CodeBlock } from "../../../ui/CodeBlock";
import { useFormat } from "../../../ui/FormatContext";
import { Card } from "../../../ui/Page";
import { UnsavedBar } from "../../../ui/UnsavedBar";
import classes from "./AdGate.module.css";
import { SwitchTable } from "./AdGateTab";
import type { AdGate, GateRules, Trial } from "./api";
import { useSaveGateRules, useTrial } from "./queries";

const TRIAL_DAYS = 90;
const NUMBERS = [
  ["quality_close", 0, 100],
  ["quality_open", 0, 100],
  ["leads_min", 5, 10_000],
  ["drr_close", 0.1, 1_000],
  ["drr_open", 0.1, 1_000],
  ["stay_days", 1, 365],
  ["probe_days", 1, 365],
  ["probe_leads", 3, 10_000],
  ["probe_budget", 0, 1e9],
] as const;

/** By what gates open and close; tried on the past before it is saved. */
export function RulesCard({ gate }: { gate: AdGate }) {
  const { t } = useTranslation();
  const [rules, setRules] = useState<GateRules>(gate.rules);
  const [secret, setSecret] = useState<string | null>(null);
  const save = useSaveGateRules();
  const trial = useTrial();
  const isChanged = JSON.stringify(rules) !== JSON.stringify(gate.rules);
  const isApart = rules.quality_close < rules.quality_open && rules.drr_open < rules.drr_close;
  const set = (part: Partial<GateRules>) => setRules({ ...rules, ...part });
  const isCurrent = JSON.stringify(trial.variables?.rules) === JSON.stringify(rules);
  return (
    <Card
      title={t("ad_gate.rules.title")}
      hint={t("ad_gate.rules.hint")}
      actions={
        <Button
          size="xs"
          variant="default"
          leftSection={<IconFlask size={15} aria-hidden />}
          loading={trial.isPending}
          disabled={!isApart}
          onClick={() => trial.mutate({ rules, days: TRIAL_DAYS })}
        >
          {t("ad_gate.trial.run")}
        </Button>
      }
    >
      <Switch
        mb="md"
        checked={rules.is_on}
        onChange={(event) => set({ is_on: event.currentTarget.checked })}
        label={t("ad_gate.rules.is_on")}
        description={t("ad_gate.rules.is_on_hint")}
      />
      <div className={classes.numbers}>
        {NUMBERS.map(([key, min, max]) => (
          <NumberInput
            key={key}
            size="sm"
            label={t(`ad_gate.rules.${key}`)}
            min={min}
            max={max}
            value={rules[key]}
            onChange={(next) => set({ [key]: Number(next) || 0 })}
          />
        ))}
        <TextInput
          size="sm"
          label={t("ad_gate.rules.webhook_url")}
          value={rules.webhook_url}
          onChange={(event) => set({ webhook_url: event.currentTarget.value })}
        />
      </div>
      {!isApart && (
        <Text size="sm" c="red" mt="sm" role="alert">
          {t("ad_gate.rules.apart")}
        </Text>
      )}
      {secret && (
        <Alert mt="md" variant="light" title={t("ad_gate.rules.secret")}>
          <CodeBlock code={secret} label={t("ad_gate.rules.secret")} />
        </Alert>
      )}
      {isChanged && (
        <UnsavedBar
          className={classes.unsaved}
          isSaving={save.isPending}
          canSave={isApart}
          onSave={() =>
            save.mutate(
              { rules, new_secret: false },
              { onSuccess: ({ webhook_secret }) => setSecret(webhook_secret ?? null) },
            )
          }
          onDiscard={() => setRules(gate.rules)}
        />
      )}
      {trial.data && (
        <div className={classes.trial} data-stale={!isCurrent}>
          <Outcome trial={trial.data} currency={gate.currency} />
        </div>
      )}
    </Card>
  );
}

function Outcome({ trial, currency }: { trial: Trial; currency: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const most = Math.max(1, ...trial.shut.map(({ days }) => days));
  return (
    <>
      <Text size="sm" mb="sm" role="status">
        {t("ad_gate.trial.told", {
          count: trial.switches.length,
          switches: format.integer(trial.switches.length),
          places: format.integer(trial.looked_at),
          days: format.integer(TRIAL_DAYS),
        })}
      </Text>
      {trial.shut.length > 0 && (
        <div className={classes.shut}>
          {trial.shut.slice(0, 8).map(({ region, channel, days }) => (
            <Group key={`${region}/${channel}`} gap="sm" wrap="nowrap">
              <span className="ellipsis">
                {region} × {label("channel", channel)}
              </span>
              <div className={classes.track}>
                <div style={{ width: `${(100 * days) / most}%` }} />
              </div>
              <span className="num">{t("ad_gate.trial.days", { count: days })}</span>
            </Group>
          ))}
        </div>
      )}
      {trial.switches.length > 0 && (
        <SwitchTable switches={trial.switches.slice(0, 50)} currency={currency} label={t("ad_gate.trial.run")} />
      )}
    </>
  );
}
