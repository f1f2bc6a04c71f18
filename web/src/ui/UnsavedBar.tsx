import { Alert, Button, Group, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

/** Says that there are changes to be saved, and offers both ways out. */
export function UnsavedBar({
  isSaving,
  canSave = true,
  onSave,
  onDiscard,
  className,
}: {
  isSaving: boolean;
  canSave?: boolean;
  onSave: () => void;
  onDiscard: () => void;
  className?: string;
}) {
  const { t } = useTranslation();
  return (
    <Alert className={className} variant="light" color="amber" role="status">
      <Group justify="space-between" gap="xs">
        <Text size="sm">{t("ui.unsaved")}</Text>
        <Group gap="xs">
          <Button size="xs" loading={isSaving} disabled={!canSave} onClick={onSave}>
            {t("ui.save")}
          </Button>
          <Button size="xs" variant="default" onClick={onDiscard}>
            {t("ui.discard")}
          </Button>
        </Group>
      </Group>
    </Alert>
  );
}
