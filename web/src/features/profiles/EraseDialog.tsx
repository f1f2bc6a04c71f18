import { Button, Group, List, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { useErase } from "./erasure";

const GOES = ["profile", "events", "messages", "log"] as const;
const STAYS = ["figures", "nobody", "hashes", "audit", "backups"] as const;

/** Says what goes for good and what stays, and wants a word typed: nothing brings the person back. */
export function EraseDialog({
  profileId,
  opened,
  onClose,
}: {
  profileId: string;
  opened: boolean;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  return (
    <Modal opened={opened} onClose={onClose} title={t("profiles.erase.title")} size="lg">
      <EraseForm profileId={profileId} onClose={onClose} />
    </Modal>
  );
}

function EraseForm({ profileId, onClose }: { profileId: string; onClose: () => void }) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState("");
  const erase = useErase(profileId);
  const word = t("profiles.erase.word");
  const isMeant = typed.trim().toLocaleLowerCase() === word.toLocaleLowerCase();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (isMeant) erase.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <Told
          title={t("profiles.erase.goes.title")}
          lines={GOES.map((line) => t(`profiles.erase.goes.line.${line}`))}
        />
        <Told
          title={t("profiles.erase.stays.title")}
          lines={STAYS.map((line) => t(`profiles.erase.stays.line.${line}`))}
        />
        <TextInput
          label={t("profiles.erase.type", { word })}
          value={typed}
          onChange={({ currentTarget }) => setTyped(currentTarget.value)}
          autoComplete="off"
          data-autofocus
        />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {t("ui.cancel")}
          </Button>
          <Button type="submit" color="red" disabled={!isMeant} loading={erase.isPending}>
            {t("profiles.erase.confirm")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Told({ title, lines }: { title: string; lines: string[] }) {
  return (
    <div>
      <Text size="sm" fw={600} mb={4}>
        {title}
      </Text>
      <List size="sm" spacing={2}>
        {lines.map((line) => (
          <List.Item key={line}>{line}</List.Item>
        ))}
      </List>
    </div>
  );
}
