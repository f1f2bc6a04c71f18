import { Group, Kbd, Modal, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useMe } from "../../api/session";
import { sectionsOf } from "../../navigation";

export function ShortcutsHelp({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const { role } = useMe();
  return (
    <Modal opened={opened} onClose={onClose} title={t("shell.shortcuts.title")} centered>
      <Stack gap="xs">
        {sectionsOf(role).map(({ key, keys }) => (
          <Shortcut key={key} keys={keys} action={t(`shell.section.${key}`)} />
        ))}
        <Shortcut keys="Ctrl K" action={t("palette.title")} />
        <Shortcut keys="/" action={t("shell.shortcuts.search")} />
        <Shortcut keys="?" action={t("shell.shortcuts.help")} />
      </Stack>
    </Modal>
  );
}

function Shortcut({ keys, action }: { keys: string; action: string }) {
  return (
    <Group justify="space-between">
      <Text size="sm">{action}</Text>
      <Group gap={4}>
        {keys.split(" ").map((key) => (
          <Kbd key={key}>{key}</Kbd>
        ))}
      </Group>
    </Group>
  );
}
