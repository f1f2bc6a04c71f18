import { Button, Popover, Stack, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconDeviceFloppy } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { toastDone } from "../../ui/toast";
import type { Mapping } from "./mapping";
import { useKeepMapping } from "./queries";

/** Keeps the mapping under a name, for the file that comes again. */
export function KeepMapping({ kind, mapping }: { kind: string; mapping: Mapping }) {
  const { t } = useTranslation();
  const [opened, popover] = useDisclosure(false);
  const [name, setName] = useState("");
  const keep = useKeepMapping(() => {
    popover.close();
    toastDone(t("imports.saved.kept", { name }));
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    keep.mutate({ name: name.trim(), kind, mapping });
  };
  return (
    <Popover opened={opened} onChange={(open) => !open && popover.close()} position="bottom-end" withArrow trapFocus>
      <Popover.Target>
        <Button
          size="xs"
          variant="default"
          leftSection={<IconDeviceFloppy size={15} aria-hidden />}
          onClick={popover.toggle}
          aria-expanded={opened}
        >
          {t("imports.saved.keep")}
        </Button>
      </Popover.Target>
      <Popover.Dropdown w={280}>
        <form onSubmit={submit}>
          <Stack gap="sm">
            <TextInput
              label={t("imports.saved.name")}
              description={t("imports.saved.name_hint")}
              value={name}
              maxLength={100}
              onChange={(event) => setName(event.currentTarget.value)}
              data-autofocus
            />
            <Button type="submit" size="xs" disabled={!name.trim()} loading={keep.isPending}>
              {t("ui.save")}
            </Button>
          </Stack>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}
