import { Alert, Button, Code, Group, Stack } from "@mantine/core";
import { IconKey } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Copy } from "../../ui/Copy";

/** The one time that a webhook's secret is seen. */
export function SecretOnce({ secret, onSeen }: { secret: string; onSeen: () => void }) {
  const { t } = useTranslation();
  return (
    <Alert color="amber" variant="light" icon={<IconKey aria-hidden />} title={t("forms.secret.title")}>
      <Stack gap="sm">
        {t("forms.secret.once")}
        <Group gap="xs" wrap="nowrap">
          <Code style={{ overflowWrap: "anywhere" }}>{secret}</Code>
          <Copy value={secret} label={t("forms.secret.copy")} />
        </Group>
        <Group>
          <Button size="xs" variant="default" onClick={onSeen}>
            {t("forms.secret.seen")}
          </Button>
        </Group>
      </Stack>
    </Alert>
  );
}
