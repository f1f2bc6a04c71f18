import { Alert, Anchor, Group, Stack, Text } from "@mantine/core";
import { IconExternalLink } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { CodeBlock } from "../../ui/CodeBlock";
import { Copy } from "../../ui/Copy";
import { embedTag } from "./draft";

/** The two ways onto the screen of a visitor: a tag in a page, or a page of its own. */
export function FormPublish({ formId, enabled }: { formId: string; enabled: boolean }) {
  const { t } = useTranslation();
  const origin = window.location.origin;
  const address = `${origin}/f/${formId}`;
  return (
    <Stack gap="lg">
      {!enabled && (
        <Alert color="amber" variant="light">
          {t("forms.publish.off")}
        </Alert>
      )}
      <div>
        <Text size="sm" fw={600}>
          {t("forms.publish.tag")}
        </Text>
        <Text size="xs" c="dimmed" mb="xs">
          {t("forms.publish.tag_hint")}
        </Text>
        <CodeBlock code={embedTag(origin, formId)} label={t("forms.publish.tag")} />
      </div>
      <div>
        <Text size="sm" fw={600}>
          {t("forms.publish.page")}
        </Text>
        <Text size="xs" c="dimmed" mb="xs">
          {t("forms.publish.page_hint")}
        </Text>
        <Group gap="xs">
          <Anchor href={address} target="_blank" rel="noreferrer" size="sm">
            {address} <IconExternalLink size={13} aria-hidden />
          </Anchor>
          <Copy value={address} label={t("forms.publish.copy")} />
        </Group>
      </div>
    </Stack>
  );
}
