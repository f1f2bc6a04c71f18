import { Button, Group, Modal, MultiSelect, NativeSelect, NumberInput, Stack, Switch, Text } from "@mantine/core";
import { IconBellOff, IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { alertKind, type AlertKind } from "../../api/incidents";
import { label } from "../../api/labels";
import type { AlertRule, RuleFields } from "../../api/types";
import { Card } from "../../ui/Page";
import { Empty } from "../../ui/states";
import { RemoveButton } from "../../ui/RemoveButton";
import classes from "./Alerts.module.css";
import { EditButton } from "./EditButton";
import { StageFields, stageDimension, stageOf, type Stage } from "./StageFields";
import { sourceNamesQuery, useRemoveRule, useSaveRule } from "./queries";

type Figure =
  "silent_minutes" | "usual_per_hour" | "seconds" | "free_percent" | "percent" | "items_min" | "cases" | "days";

/** The numbers of each kind of rule: what a new one begins with, and the range that makes sense. */
const FIGURES: Record<AlertKind, { name: Figure; usual: number; min: number; max: number }[]> = {
  source_silent: [
    { name: "silent_minutes", usual: 30, min: 5, max: 10080 },
    { name: "usual_per_hour", usual: 20, min: 1, max: 1000000 },
  ],
  refused_jumps: [
    { name: "percent", usual: 20, min: 1, max: 100 },
    { name: "items_min", usual: 50, min: 1, max: 1000000 },
  ],
  channel_fails: [],
  score_drifts: [],
  fold_lags: [{ name: "seconds", usual: 60, min: 5, max: 86400 }],
  disk_fills: [{ name: "free_percent", usual: 10, min: 1, max: 90 }],
  stage_builds_up: [
    { name: "cases", usual: 20, min: 1, max: 1000000 },
    { name: "days", usual: 7, min: 1, max: 365 },
  ],
};
const KINDS = Object.keys(FIGURES).map(alertKind);

type Editing = { kind: "none" } | { kind: "new" } | { kind: "rule"; rule: AlertRule };

export function AlertRules({ rules, mayEdit }: { rules: AlertRule[]; mayEdit: boolean }) {
  const { t } = useTranslation();
  const [editing, setEditing] = useState<Editing>({ kind: "none" });
  const close = () => setEditing({ kind: "none" });
  const add = mayEdit && (
    <Button size="xs" leftSection={<IconPlus size={15} aria-hidden />} onClick={() => setEditing({ kind: "new" })}>
      {t("alerts.rules.add")}
    </Button>
  );
  return (
    <Card title={t("alerts.rules.title")} hint={t("alerts.rules.hint")} actions={add}>
      {rules.length === 0 && <Empty icon={IconBellOff} title={t("alerts.rules.empty")} />}
      {rules.map((rule) => (
        <RuleRow key={rule.id} rule={rule} onEdit={mayEdit ? () => setEditing({ kind: "rule", rule }) : undefined} />
      ))}
      <Modal
        opened={editing.kind !== "none"}
        onClose={close}
        title={editing.kind === "rule" ? t(`alerts.kind.${alertKind(editing.rule.rule.kind)}`) : t("alerts.rules.add")}
        centered
      >
        <RuleForm held={editing.kind === "rule" ? editing.rule : undefined} onSaved={close} />
      </Modal>
    </Card>
  );
}

function RuleRow({ rule, onEdit }: { rule: AlertRule; onEdit?: () => void }) {
  const { t } = useTranslation();
  const save = useSaveRule();
  const remove = useRemoveRule();
  const kind = alertKind(rule.rule.kind);
  const name = t(`alerts.kind.${kind}`);
  return (
    <div className={classes.rule}>
      <div>
        <Text size="sm" fw={600}>
          {name}
        </Text>
        <Text size="sm" c="dimmed">
          {t(`alerts.explained.${kind}`, {
            ...rule.rule,
            count: rule.rule.sources?.length ?? 0,
            stage: label("event", rule.rule.stage ?? ""),
          })}
          {rule.rule.by && ` · ${t(`dimension.${stageDimension(rule.rule.by)}`)}`}
        </Text>
      </div>
      <Group gap={4} wrap="nowrap">
        <Switch
          checked={rule.enabled}
          disabled={!onEdit || save.isPending}
          aria-label={t("alerts.rules.enable", { name })}
          onChange={(event) => save.mutate({ id: rule.id, enabled: event.currentTarget.checked, rule: rule.rule })}
        />
        {onEdit && (
          <>
            <EditButton label={t("alerts.rules.edit", { name })} onClick={onEdit} />
            <RemoveButton
              label={t("alerts.rules.remove", { name })}
              question={t("alerts.rules.remove_question", { name })}
              onRemove={() => remove.mutate(rule.id)}
            />
          </>
        )}
      </Group>
    </div>
  );
}

function RuleForm({ held, onSaved }: { held: AlertRule | undefined; onSaved: () => void }) {
  const { t } = useTranslation();
  const save = useSaveRule();
  const names = useQuery(sourceNamesQuery);
  const [kind, setKind] = useState<AlertKind>(alertKind(held?.rule.kind ?? "source_silent"));
  const [sources, setSources] = useState<string[]>(held?.rule.sources ?? []);
  const [stage, setStage] = useState<Stage>(() => stageOf(held?.rule));
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const figures = Object.fromEntries(FIGURES[kind].map(({ name }) => [name, Number(fields.get(name))]));
    const rule: RuleFields = {
      kind,
      ...figures,
      ...(kind === "source_silent" && { sources }),
      ...(kind === "stage_builds_up" && stage),
    };
    save.mutate({ id: held?.id, enabled: held?.enabled ?? true, rule }, { onSuccess: onSaved });
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        {!held && (
          <NativeSelect
            label={t("alerts.rules.kind")}
            value={kind}
            data={KINDS.map((value) => ({ value, label: t(`alerts.kind.${value}`) }))}
            onChange={(event) => setKind(alertKind(event.currentTarget.value))}
          />
        )}
        {FIGURES[kind].map(({ name, usual, min, max }) => (
          <NumberInput
            key={`${kind} ${name}`}
            name={name}
            label={t(`alerts.figure.${name}`)}
            defaultValue={held?.rule[name] ?? usual}
            min={min}
            max={max}
            allowDecimal={false}
            required
          />
        ))}
        {kind === "source_silent" && (
          <MultiSelect
            label={t("alerts.rules.sources")}
            placeholder={sources.length === 0 ? t("alerts.rules.all_sources") : undefined}
            data={(names.data?.sources ?? []).map(({ id, name }) => ({ value: id, label: name }))}
            value={sources}
            onChange={setSources}
            searchable
            clearable
          />
        )}
        {kind === "stage_builds_up" && <StageFields stage={stage} onChange={setStage} />}
        {FIGURES[kind].length === 0 && (
          <Text size="sm" c="dimmed">
            {t(`alerts.explained.${kind}`)}
          </Text>
        )}
        <Button type="submit" loading={save.isPending}>
          {t("ui.save")}
        </Button>
      </Stack>
    </form>
  );
}
