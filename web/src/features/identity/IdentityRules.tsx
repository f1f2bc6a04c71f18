import { Badge, Button, Group, NumberInput, Stack, Table, Text, UnstyledButton } from "@mantine/core";
import { IconPlus, IconRestore } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import type { IdentitySettings, IdentitySettingsAnswer } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { Answer, RowsSkeleton } from "../../ui/states";
import { UnsavedBar } from "../../ui/UnsavedBar";
import { WideTable } from "../../ui/WideTable";
import { isSame, kindsOf, LIMITS, newKind, withKind, withoutKind, type KindDraft } from "./draft";
import classes from "./Identity.module.css";
import { IdentityHistory } from "./IdentityHistory";
import { KindEditor } from "./KindEditor";
import { identitySettingsQuery, useSaveIdentity } from "./queries";

/** What names a person, what stands against taking two for one, and what both would make of history. */
export function IdentityRules() {
  const settings = useQuery(identitySettingsQuery);
  return (
    <Answer query={settings} skeleton={<RowsSkeleton rows={10} />}>
      {(answer) => <Rules key={answer.changed_at ?? "built-in"} answer={answer} />}
    </Answer>
  );
}

function Rules({ answer }: { answer: IdentitySettingsAnswer }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { role } = useMe();
  const mayEdit = may(role, "edit_definitions");
  const save = useSaveIdentity();
  const [draft, setDraft] = useState(answer.settings);
  const [edited, setEdited] = useState<KindDraft | null>(null);
  const isChanged = !isSame(draft, answer.settings);
  const close = () => setEdited(null);
  return (
    <Stack gap="md">
      {isChanged && (
        <UnsavedBar
          className={classes.unsaved}
          isSaving={save.isPending}
          onSave={() => save.mutate(draft)}
          onDiscard={() => setDraft(answer.settings)}
        />
      )}
      <Card
        title={t("identity_rules.kinds.title")}
        hint={
          answer.changed_at
            ? t("identity_rules.changed", { when: format.dateTime(answer.changed_at), who: answer.changed_by ?? "" })
            : t("identity_rules.kinds.hint")
        }
        actions={
          mayEdit && (
            <Group gap="xs">
              <Button
                size="xs"
                variant="default"
                leftSection={<IconRestore size={15} aria-hidden />}
                disabled={isSame(draft, answer.built_in)}
                onClick={() => setDraft(answer.built_in)}
              >
                {t("identity_rules.restore")}
              </Button>
              <Button size="xs" leftSection={<IconPlus size={15} aria-hidden />} onClick={() => setEdited(newKind())}>
                {t("identity_rules.kinds.add")}
              </Button>
            </Group>
          )
        }
        flush
      >
        <Kinds settings={draft} onEdit={mayEdit ? setEdited : undefined} />
        <Text size="xs" c="dimmed" px="md" py="sm">
          {t("identity_rules.kinds.others")}
        </Text>
      </Card>
      <Card title={t("identity_rules.limits.title")} hint={t("identity_rules.limits.hint")}>
        <div className={classes.limits}>
          {LIMITS.map((name) => (
            <NumberInput
              key={name}
              label={t(`identity_rules.limits.field.${name}`)}
              description={t(`identity_rules.limits.explained.${name}`)}
              min={name === "identifiers_per_profile_max" ? 2 : 1}
              max={1_000_000}
              allowDecimal={false}
              clampBehavior="blur"
              disabled={!mayEdit}
              value={draft[name]}
              onChange={(value) => setDraft({ ...draft, [name]: Number(value) })}
            />
          ))}
        </div>
      </Card>
      <IdentityHistory draft={draft} isChanged={isChanged} canRollBack={answer.can_roll_back} mayEdit={mayEdit} />
      <KindEditor
        key={edited?.name ?? ""}
        kind={edited}
        taken={Object.keys(draft.kinds)}
        onClose={close}
        onKeep={(kind) => {
          setDraft(withKind(draft, kind));
          close();
        }}
        onRemove={(name) => {
          setDraft(withoutKind(draft, name));
          close();
        }}
      />
    </Stack>
  );
}

const ROLE_COLORS = { person: "petrol", device: "blue", nobody: "gray" } as const;

function Kinds({ settings, onEdit }: { settings: IdentitySettings; onEdit: ((kind: KindDraft) => void) | undefined }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <WideTable label={t("identity_rules.kinds.title")} minWidth={640} verticalSpacing={8} highlightOnHover>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("identity_rules.kinds.kind")}</Table.Th>
          <Table.Th>{t("identity_rules.kinds.role")}</Table.Th>
          <Table.Th>{t("identity_rules.kinds.unique")}</Table.Th>
          <Table.Th>{t("identity_rules.kinds.limit")}</Table.Th>
          <Table.Th className="num">{t("identity_rules.kinds.blocked")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {kindsOf(settings).map((kind) => (
          <Table.Tr key={kind.name}>
            <Table.Td>
              <UnstyledButton onClick={() => onEdit?.(kind)} disabled={!onEdit}>
                <Text size="sm" fw={550} c={onEdit && "var(--fc-accent)"}>
                  {label("identifier", kind.name)}
                </Text>
                <Text size="xs" c="dimmed" ff="monospace">
                  {kind.name}
                </Text>
              </UnstyledButton>
            </Table.Td>
            <Table.Td>
              <Badge variant="light" color={ROLE_COLORS[kind.settings.role]}>
                {t(`identity_rules.kinds.kind_role.${kind.settings.role}`)}
              </Badge>
            </Table.Td>
            <Table.Td>{kind.settings.is_unique ? t("ui.yes") : t("ui.none")}</Table.Td>
            <Table.Td className="num" ta="left">
              {kind.settings.limit ? limitText(kind.settings.limit) : t("ui.none")}
            </Table.Td>
            <Table.Td className="num">
              {0 < kind.settings.blocked.length ? format.integer(kind.settings.blocked.length) : t("ui.none")}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </WideTable>
  );

  function limitText({ values, window_days }: { values: number; window_days: number }): string {
    const figures = { values: format.integer(values), days: format.integer(window_days) };
    return window_days === 0 ? t("identity_rules.kinds.for_ever", figures) : t("identity_rules.kinds.within", figures);
  }
}
