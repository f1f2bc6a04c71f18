import { Button, Modal, Stack, TextInput } from "@mantine/core";
import type { FormEvent } from "react";
import { useTranslation } from "react-i18next";
import type { Source } from "../../api/types";
import { useCreateSource } from "./queries";

export function CreateSource({
  opened,
  onClose,
  onCreated,
}: {
  opened: boolean;
  onClose: () => void;
  onCreated: (source: Source) => void;
}) {
  const { t } = useTranslation();
  const create = useCreateSource(onCreated);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get("name")).trim();
    if (name) create.mutate(name);
  };
  return (
    <Modal opened={opened} onClose={onClose} title={t("sources.create.title")} centered>
      <form onSubmit={submit}>
        <Stack gap="md">
          <TextInput
            name="name"
            label={t("sources.create.name")}
            description={t("sources.create.name_hint")}
            maxLength={80}
            required
            data-autofocus
          />
          <Button type="submit" loading={create.isPending}>
            {t("sources.create.submit")}
          </Button>
        </Stack>
      </form>
    </Modal>
  );
}
