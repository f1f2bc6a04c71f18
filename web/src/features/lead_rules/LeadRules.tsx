import { Alert, Checkbox, Group, Stack, Switch, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { Answer, RowsSkeleton } from "../../ui/states";
import { UnsavedBar } from "../../ui/UnsavedBar";
import type { LeadRules, LeadRulesHeld } from "./api";
import { BandsEditor } from "./BandsEditor";
import { Figure } from "./fields";
import classes from "./LeadRules.module.css";
import { Lines } from "./LinesEditor";
import { PointsEditor } from "./PointsEditor";
import { inOrder, problemsOf } from "./problems";
import { leadRulesQuery, useSaveRules } from "./queries";
import { Lost, Reappear, Verification } from "./RestEditors";
import { RoutingEditor } from "./RoutingEditor";
import { SimulateCard } from "./SimulateCard";
import { SlaEditor } from "./SlaEditor";

/** By what leads are scored, who gets them, and how fast they must be dealt with. */
export function LeadRulesPage() {
  const rules = useQuery(leadRulesQuery);
  return (
    <Answer
      query={rules}
      skeleton={
        <Card>
          <RowsSkeleton rows={10} />
        </Card>
      }
    >
      {(held) => <Editor key={JSON.stringify(held.rules)} held={held} />}
    </Answer>
  );
}

function Editor({ held }: { held: LeadRulesHeld }) {
  const { t } = useTranslation();
  const format = useFormat();
  const mayEdit = may(useMe().role, "edit_definitions");
  const save = useSaveRules();
  const [rules, setRules] = useState<LeadRules>(held.rules);
  const change = (part: Partial<LeadRules>) => setRules({ ...rules, ...part });
  const isChanged = JSON.stringify(rules) !== JSON.stringify(held.rules);
  const problems = problemsOf(rules);
  const bands = rules.bands.map(({ band }) => band);
  return (
    <fieldset disabled={!mayEdit} className={classes.all}>
      <Stack gap="md">
        <Card
          title={t("lead_rules.title")}
          hint={
            held.changed_at &&
            t("lead_rules.changed", { time: format.dateTime(held.changed_at), name: held.changed_by })
          }
        >
          <Stack gap="md">
            <Switch
              label={t("lead_rules.is_on")}
              description={t("lead_rules.is_on_hint")}
              checked={rules.is_on}
              onChange={(event) => change({ is_on: event.currentTarget.checked })}
            />
            <Duplicates rules={rules} onChange={change} />
          </Stack>
        </Card>
        <PointsEditor
          points={rules.points}
          base={rules.base_points}
          onPoints={(points) => change({ points })}
          onBase={(base_points) => change({ base_points })}
        />
        <BandsEditor bands={rules.bands} onChange={(next) => change({ bands: next })} />
        <RoutingEditor routing={rules.routing} onChange={(routing) => change({ routing })} />
        <SlaEditor
          sla={rules.sla}
          bands={bands}
          hopsMax={rules.hops_max}
          onSla={(sla) => change({ sla })}
          onHopsMax={(hops_max) => change({ hops_max })}
        />
        <Verification verification={rules.verification} onChange={(verification) => change({ verification })} />
        <Lines
          lines={rules.verification.lines ?? []}
          onChange={(lines) => change({ verification: { ...rules.verification, lines } })}
        />
        <Lost reasons={rules.lost_reasons} onChange={(lost_reasons) => change({ lost_reasons })} />
        <Reappear
          silentDays={rules.silent_days}
          reappear={rules.reappear}
          onSilentDays={(silent_days) => change({ silent_days })}
          onChange={(reappear) => change({ reappear })}
        />
        {0 < problems.length && (
          <Alert color="red" variant="light" role="alert">
            {problems.map((problem) => (
              <Text key={problem} size="sm">
                {t(`lead_rules.problem.${problem}`)}
              </Text>
            ))}
          </Alert>
        )}
        <SimulateCard rules={rules} isChanged={isChanged} isWhole={problems.length === 0} />
        {isChanged && (
          <UnsavedBar
            className={classes.unsaved}
            isSaving={save.isPending}
            canSave={problems.length === 0}
            onSave={() => save.mutate({ ...rules, bands: inOrder(rules.bands) })}
            onDiscard={() => setRules(held.rules)}
          />
        )}
      </Stack>
    </fieldset>
  );
}

function Duplicates({ rules, onChange }: { rules: LeadRules; onChange: (part: Partial<LeadRules>) => void }) {
  const { t } = useTranslation();
  const { duplicates } = rules;
  return (
    <Group gap="xs" className={classes.sentence}>
      <span>{t("lead_rules.duplicates.within")}</span>
      <Figure
        label={t("lead_rules.duplicates.window_days")}
        value={duplicates.window_days}
        onChange={(window_days) => onChange({ duplicates: { ...duplicates, window_days } })}
      />
      <span>{t("lead_rules.duplicates.days", { count: duplicates.window_days })}</span>
      <Checkbox
        label={t("lead_rules.duplicates.same_model")}
        checked={duplicates.same_model}
        onChange={(event) => onChange({ duplicates: { ...duplicates, same_model: event.currentTarget.checked } })}
      />
    </Group>
  );
}
