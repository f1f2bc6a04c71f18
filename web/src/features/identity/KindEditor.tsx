import { Anchor, Button, Group, Modal, NumberInput, Radio, Stack, Switch, Textarea, TextInput } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import { isKindName, patternsOf, ROLES, type KindDraft } from "./draft";
import classes from "./Identity.module.css";

const USUAL_LIMIT = { values: 5, window_days: 365 };

/** One kind of identifier in a window. `null` for no window. */
export function KindEditor({
  kind,
  taken,
  onClose,
  onKeep,
  onRemove,
}: {
  kind: KindDraft | null;
  taken: string[];
  onClose: () => void;
  onKeep: (kind: KindDraft) => void;
  onRemove: (name: string) => void;
}) {
  const { t } = useTranslation();
  const title = !kind || kind.isNew ? t("identity_rules.kinds.add") : label("identifier", kind.name);
  return (
    <Modal opened={kind !== null} onClose={onClose} size="lg" title={title}>
      {kind && <KindForm kind={kind} taken={taken} onClose={onClose} onKeep={onKeep} onRemove={onRemove} />}
    </Modal>
  );
}

function KindForm({
  kind: given,
  taken,
  onClose,
  onKeep,
  onRemove,
}: {
  kind: KindDraft;
  taken: string[];
  onClose: () => void;
  onKeep: (kind: KindDraft) => void;
  onRemove: (name: string) => void;
}) {
  const { t } = useTranslation();
  const [kind, setKind] = useState(given);
  const [blocked, setBlocked] = useState(() => given.settings.blocked.join("\n"));
  const { name, settings } = kind;
  const set = (change: Partial<KindDraft["settings"]>) => setKind({ ...kind, settings: { ...settings, ...change } });
  const isTaken = kind.isNew && taken.includes(name);
  const isReady = !isTaken && (!kind.isNew || isKindName(name));
  const isPerson = settings.role === "person";
  const submit = (event: FormEvent) => {
    event.preventDefault();
    // What only people have means nothing for the others.
    const ofPerson = isPerson ? {} : { is_unique: false, limit: null };
    onKeep({ ...kind, settings: { ...settings, ...ofPerson, blocked: patternsOf(blocked) } });
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        {kind.isNew && (
          <TextInput
            label={t("identity_rules.kinds.name")}
            description={t("identity_rules.kinds.name_hint")}
            error={isTaken ? t("identity_rules.kinds.taken") : undefined}
            value={name}
            maxLength={64}
            onChange={(event) => setKind({ ...kind, name: event.currentTarget.value.trim() })}
            data-autofocus
          />
        )}
        <Radio.Group
          label={t("identity_rules.kinds.role")}
          value={settings.role}
          onChange={(value) => set({ role: ROLES.find((known) => known === value) ?? "person" })}
        >
          <Stack gap={8} mt={6}>
            {ROLES.map((role) => (
              <Radio
                key={role}
                value={role}
                label={t(`identity_rules.kinds.kind_role.${role}`)}
                description={t(`identity_rules.kinds.explained.${role}`)}
              />
            ))}
          </Stack>
        </Radio.Group>
        {isPerson && (
          <>
            <Switch
              label={t("identity_rules.kinds.unique")}
              description={t("identity_rules.kinds.unique_hint")}
              checked={settings.is_unique}
              onChange={(event) => set({ is_unique: event.currentTarget.checked })}
            />
            <Switch
              label={t("identity_rules.kinds.limit")}
              description={t("identity_rules.kinds.limit_hint")}
              checked={settings.limit !== null}
              onChange={(event) => set({ limit: event.currentTarget.checked ? USUAL_LIMIT : null })}
            />
            {settings.limit && (
              <div className={classes.limits}>
                <NumberInput
                  label={t("identity_rules.kinds.values")}
                  min={1}
                  max={1_000_000}
                  allowDecimal={false}
                  value={settings.limit.values}
                  onChange={(value) => set({ limit: { window_days: 0, ...settings.limit, values: Number(value) } })}
                />
                <NumberInput
                  label={t("identity_rules.kinds.days")}
                  min={0}
                  max={36_500}
                  allowDecimal={false}
                  value={settings.limit.window_days}
                  onChange={(value) => set({ limit: { values: 1, ...settings.limit, window_days: Number(value) } })}
                />
              </div>
            )}
          </>
        )}
        <Textarea
          label={t("identity_rules.kinds.blocked")}
          description={t("identity_rules.kinds.blocked_hint")}
          autosize
          minRows={3}
          maxRows={10}
          spellCheck={false}
          styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: 12.5 } }}
          value={blocked}
          onChange={(event) => setBlocked(event.currentTarget.value)}
        />
        <Group gap="xs">
          <Button type="submit" disabled={!isReady}>
            {t("identity_rules.kinds.done")}
          </Button>
          <Button variant="default" onClick={onClose}>
            {t("ui.cancel")}
          </Button>
          {!kind.isNew && (
            <Anchor component="button" type="button" size="sm" ml="auto" onClick={() => onRemove(name)}>
              {t("identity_rules.kinds.remove")}
            </Anchor>
          )}
        </Group>
      </Stack>
    </form>
  );
}
