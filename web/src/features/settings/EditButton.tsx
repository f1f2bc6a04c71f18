import { ActionIcon } from "@mantine/core";
import { IconPencil } from "@tabler/icons-react";

export function EditButton({ label, onClick }: { label: string; onClick: () => void }) {
  return (
    <ActionIcon variant="subtle" color="gray" c="dimmed" aria-label={label} onClick={onClick}>
      <IconPencil size={16} />
    </ActionIcon>
  );
}
