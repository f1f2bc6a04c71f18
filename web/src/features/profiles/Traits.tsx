import { ActionIcon, Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { IconPencil, IconPlus } from "@tabler/icons-react";
import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import type { Trait } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import classes from "./Profiles.module.css";
import { useSaveTrait } from "./queries";
import { traitText, traitValue } from "./traits";

type Editing = { kind: "none" } | { kind: "new" } | { kind: "trait"; name: string };

/** What is known about the person, each value open to correction. */
export function Traits({ profileId, traits }: { profileId: string; traits: Trait[] }) {
  const { t } = useTranslation();
  const [editing, setEditing] = useState<Editing>({ kind: "none" });
  const mayEdit = may(useMe().role, "edit_profiles");
  const close = () => setEditing({ kind: "none" });
  return (
    <Card
      title={t("profiles.traits.title")}
      actions={
        mayEdit && (
          <Button
            size="compact-xs"
            variant="subtle"
            leftSection={<IconPlus size={14} aria-hidden />}
            onClick={() => setEditing({ kind: "new" })}
          >
            {t("profiles.traits.add")}
          </Button>
        )
      }
    >
      {editing.kind === "new" && <TraitForm profileId={profileId} onClose={close} />}
      {traits.length === 0 && editing.kind !== "new" && (
        <Text size="sm" c="dimmed">
          {t("profiles.traits.empty")}
        </Text>
      )}
      {traits.map((trait) =>
        editing.kind === "trait" && editing.name === trait.name ? (
          <TraitForm key={trait.name} profileId={profileId} trait={trait} onClose={close} />
        ) : (
          <TraitRow
            key={trait.name}
            trait={trait}
            onEdit={mayEdit ? () => setEditing({ kind: "trait", name: trait.name }) : undefined}
          />
        ),
      )}
    </Card>
  );
}

function TraitRow({ trait, onEdit }: { trait: Trait; onEdit?: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <div className={classes.pair}>
      <span title={trait.name}>{label("trait", trait.name)}</span>
      <Group gap={4} wrap="nowrap" justify="flex-end">
        <span title={t("profiles.traits.said", { at: format.dateTime(trait.at), source: trait.source })}>
          {typeof trait.value === "boolean" ? t(trait.value ? "ui.yes" : "ui.no") : traitText(trait.value)}
        </span>
        {onEdit && (
          <ActionIcon
            size="sm"
            variant="subtle"
            color="gray"
            c="dimmed"
            aria-label={t("profiles.traits.edit", { name: label("trait", trait.name) })}
            onClick={onEdit}
          >
            <IconPencil size={14} />
          </ActionIcon>
        )}
      </Group>
    </div>
  );
}

function TraitForm({ profileId, trait, onClose }: { profileId: string; trait?: Trait; onClose: () => void }) {
  const { t } = useTranslation();
  const save = useSaveTrait(profileId, onClose);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const name = trait?.name ?? String(fields.get("name")).trim();
    if (name) save.mutate({ name, value: traitValue(String(fields.get("value"))) });
  };
  return (
    <form onSubmit={submit}>
      <Stack gap={8} py={8}>
        {!trait && (
          <TextInput
            size="xs"
            name="name"
            label={t("profiles.traits.name")}
            placeholder={t("profiles.traits.name_example")}
            required
            autoFocus
          />
        )}
        <TextInput
          size="xs"
          name="value"
          label={trait ? label("trait", trait.name) : t("profiles.traits.value")}
          defaultValue={trait && traitText(trait.value)}
          required
          autoFocus={Boolean(trait)}
        />
        <Group gap="xs">
          <Button type="submit" size="xs" loading={save.isPending}>
            {t("ui.save")}
          </Button>
          <Button size="xs" variant="default" onClick={onClose}>
            {t("ui.cancel")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
