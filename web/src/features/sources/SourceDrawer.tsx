import { Alert, Button, Code, Drawer, Group, Stack, Tabs, Text } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Source } from "../../api/types";
import { CodeBlock } from "../../ui/CodeBlock";
import { Copy } from "../../ui/Copy";
import { useRotateKey } from "./queries";
import classes from "./SourceDrawer.module.css";
import { snippets } from "./snippets";
import { WebhookMapping } from "./WebhookMapping";

/** A source's key, and the lines that make a site or a server send to it. */
export function SourceDrawer({
  source,
  mayChange,
  onClose,
}: {
  source: Source | undefined;
  mayChange: boolean;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  return (
    <Drawer opened={source !== undefined} onClose={onClose} position="right" size="xl" title={source?.name}>
      {source && (
        <Stack gap="lg">
          <WriteKey source={source} mayChange={mayChange} />
          <Tabs defaultValue="sdk" keepMounted={false}>
            <Tabs.List mb="md">
              <Tabs.Tab value="sdk">{t("sources.tab.sdk")}</Tabs.Tab>
              <Tabs.Tab value="webhook">{t("sources.tab.webhook")}</Tabs.Tab>
            </Tabs.List>
            <Tabs.Panel value="sdk">
              <Install writeKey={source.write_key} />
            </Tabs.Panel>
            <Tabs.Panel value="webhook">
              <WebhookMapping id={source.id} mayChange={mayChange} />
            </Tabs.Panel>
          </Tabs>
        </Stack>
      )}
    </Drawer>
  );
}

function WriteKey({ source, mayChange }: { source: Source; mayChange: boolean }) {
  const { t } = useTranslation();
  const rotate = useRotateKey();
  const [asking, setAsking] = useState<"no" | "rotate">("no");
  return (
    <div>
      <Text size="sm" fw={600} mb={4}>
        {t("sources.write_key")}
      </Text>
      <Group gap="xs">
        <Code fz="sm" data-write-key>
          {source.write_key}
        </Code>
        <Copy value={source.write_key} label={t("sources.copy_key")} />
        {mayChange && (
          <Button
            size="compact-xs"
            variant="subtle"
            leftSection={<IconRefresh size={14} aria-hidden />}
            onClick={() => setAsking("rotate")}
          >
            {t("sources.rotate.action")}
          </Button>
        )}
      </Group>
      <Text size="xs" c="dimmed" mt={4}>
        {t("sources.write_key_hint")}
      </Text>
      {asking === "rotate" && (
        <Alert color="amber" mt="sm" title={t("sources.rotate.title")}>
          <Stack gap="sm">
            {t("sources.rotate.warning")}
            <Group gap="xs">
              <Button
                size="xs"
                color="red"
                loading={rotate.isPending}
                onClick={() => rotate.mutate(source.id, { onSuccess: () => setAsking("no") })}
              >
                {t("sources.rotate.confirm")}
              </Button>
              <Button size="xs" variant="default" onClick={() => setAsking("no")}>
                {t("ui.cancel")}
              </Button>
            </Group>
          </Stack>
        </Alert>
      )}
    </div>
  );
}

/** The lines to paste, a tab for each library. */
function Install({ writeKey }: { writeKey: string }) {
  const { t } = useTranslation();
  const all = snippets(window.location.origin, writeKey);
  return (
    <div>
      <Text size="sm" fw={600}>
        {t("sources.install")}
      </Text>
      <Text size="xs" c="dimmed" mb="sm">
        {t("sources.install_hint")}
      </Text>
      <Tabs variant="pills" defaultValue={all[0]?.id} keepMounted={false} classNames={{ tab: classes.tab }}>
        <Tabs.List mb="sm" aria-label={t("sources.install")}>
          {all.map(({ id, library }) => (
            <Tabs.Tab key={id} value={id}>
              {{ pixel: t("sources.pixel"), website: t("sources.website") }[id] ?? library}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {all.map(({ id, library, install, code }) => (
          <Tabs.Panel key={id} value={id}>
            <Stack gap="sm">
              {install && <CodeBlock code={install} label={t("sources.install_command")} />}
              <CodeBlock code={code} label={library} />
              {id === "website" && (
                <Text size="sm" c="dimmed">
                  {t("sources.website_hint")}
                </Text>
              )}
            </Stack>
          </Tabs.Panel>
        ))}
      </Tabs>
    </div>
  );
}
