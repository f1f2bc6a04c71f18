import { ActionIcon, Button, Group, Popover, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

/** Asks once before something goes for good. */
export function RemoveButton({ label, question, onRemove }: { label: string; question: string; onRemove: () => void }) {
  const { t } = useTranslation();
  const [opened, popover] = useDisclosure(false);
  return (
    <Popover opened={opened} onChange={(open) => !open && popover.close()} position="left" withArrow trapFocus>
      <Popover.Target>
        <ActionIcon variant="subtle" color="gray" c="dimmed" aria-label={label} onClick={popover.open}>
          <IconTrash size={16} />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown maw={280}>
        <Stack gap="sm">
          <Text size="sm">{question}</Text>
          <Group gap="xs">
            <Button
              size="xs"
              color="red"
              onClick={() => {
                popover.close();
                onRemove();
              }}
            >
              {t("ui.remove")}
            </Button>
            <Button size="xs" variant="default" onClick={popover.close}>
              {t("ui.cancel")}
            </Button>
          </Group>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
