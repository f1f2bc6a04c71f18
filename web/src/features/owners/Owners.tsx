import { Alert, Button, Group, NumberInput, Stack, Switch, Text } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { Answer, RowsSkeleton } from "../../ui/states";
import { UnsavedBar } from "../../ui/UnsavedBar";
import type { OwnerRule, OwnerRules, OwnerRulesHeld } from "./api";
import { CurveCard } from "./CurveCard";
import classes from "./Owners.module.css";
import { problemsOf } from "./problems";
import { ownerRulesQuery, useSaveRules } from "./queries";
import { RuleEditor } from "./RuleEditor";

/** What opens leads for owners of vehicles, and how long they keep theirs. */
export function OwnersPage() {
  const held = useQuery(ownerRulesQuery);
  return (
    <Answer
      query={held}
      skeleton={
        <Card>
          <RowsSkeleton rows={8} />
        </Card>
      }
    >
      {(held) => <Editor key={JSON.stringify(held.rules)} held={held} />}
    </Answer>
  );
}

/** What most begin with. */
const USUAL: OwnerRule[] = [
  {
    rule: "finance-end",
    interest: "replacement",
    when: { of: "before", date: "finance", days: 120 },
    models: [],
    open_days: 90,
    purpose: "",
  },
  {
    rule: "service",
    interest: "service",
    when: { of: "unserviced", months: 11 },
    models: [],
    open_days: 60,
    purpose: "",
  },
  {
    rule: "looks-again",
    interest: "trade_in",
    when: { of: "owned", months: 24 },
    models: [],
    did: { events: ["car_viewed"], within_days: 7 },
    open_days: 3_650,
    purpose: "",
  },
];

function Editor({ held }: { held: OwnerRulesHeld }) {
  const { t } = useTranslation();
  const format = useFormat();
  const mayEdit = may(useMe().role, "edit_definitions");
  const save = useSaveRules();
  const [rules, setRules] = useState<OwnerRules>(held.rules);
  const change = (part: Partial<OwnerRules>) => setRules({ ...rules, ...part });
  const isChanged = JSON.stringify(rules) !== JSON.stringify(held.rules);
  const problems = problemsOf(rules);
  const add = () => {
    const [usual] = USUAL.filter(({ rule }) => !rules.rules.some((each) => each.rule === rule));
    change({
      rules: [...rules.rules, usual ?? { ...(USUAL[0] as OwnerRule), rule: `rule-${rules.rules.length + 1}` }],
    });
  };
  return (
    <fieldset disabled={!mayEdit} className={classes.all}>
      <Stack gap="md">
        <Card
          title={t("owners.title")}
          hint={
            held.changed_at
              ? t("owners.changed", { time: format.dateTime(held.changed_at), name: held.changed_by })
              : undefined
          }
        >
          <Stack gap="md">
            <Switch
              label={t("owners.is_on")}
              description={t("owners.is_on_hint")}
              checked={rules.is_on}
              onChange={(event) => change({ is_on: event.currentTarget.checked })}
            />
            <Group gap="xs">
              <Text size="sm">{t("owners.a_day")}</Text>
              <NumberInput
                size="xs"
                w={90}
                min={0}
                allowDecimal={false}
                aria-label={t("owners.a_day")}
                value={rules.leads_a_day_max}
                onChange={(next) => change({ leads_a_day_max: Number(next) || 0 })}
              />
              <Text size="sm" c="dimmed">
                {t("owners.a_day_hint")}
              </Text>
            </Group>
          </Stack>
        </Card>
        <Card
          title={t("owners.rules.title")}
          hint={t("owners.rules.hint")}
          actions={
            <Button size="compact-sm" variant="subtle" leftSection={<IconPlus size={15} aria-hidden />} onClick={add}>
              {t("owners.rules.add")}
            </Button>
          }
        >
          {rules.rules.length === 0 ? (
            <Group gap="sm">
              <Text size="sm" c="dimmed">
                {t("owners.rules.none")}
              </Text>
              <Button size="compact-sm" variant="default" onClick={() => change({ rules: USUAL })}>
                {t("owners.rules.usual")}
              </Button>
            </Group>
          ) : (
            <ul className={classes.rules}>
              {rules.rules.map((rule, at) => (
                <RuleEditor
                  // A rule that is new has nothing of its own but its place.
                  key={at}
                  rule={rule}
                  onChange={(next) => change({ rules: rules.rules.with(at, next) })}
                  onRemove={() => change({ rules: rules.rules.toSpliced(at, 1) })}
                />
              ))}
            </ul>
          )}
        </Card>
        <CurveCard curve={held.rules.curve} endsMin={held.curve_ends_min} />
        {0 < problems.length && (
          <Alert color="red" variant="light" role="alert">
            {problems.map((problem) => (
              <Text key={problem} size="sm">
                {t(`owners.problem.${problem}`)}
              </Text>
            ))}
          </Alert>
        )}
        {isChanged && (
          <UnsavedBar
            className={classes.unsaved}
            isSaving={save.isPending}
            canSave={problems.length === 0}
            onSave={() => save.mutate(rules)}
            onDiscard={() => setRules(held.rules)}
          />
        )}
      </Stack>
    </fieldset>
  );
}
