import { Alert, Anchor, Button, Modal, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconInfoCircle, IconPlugConnected } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import { CodeBlock } from "../../ui/CodeBlock";
import { connectingTo, OPENING } from "./connecting";

/** How other programs ask the same tables: by PostgreSQL's protocol. */
export function Connect() {
  const { t } = useTranslation();
  const { role, installation } = useMe();
  const [opened, { open, close }] = useDisclosure(false);
  const port = installation.postgres_port;
  return (
    <>
      <Button size="xs" variant="default" leftSection={<IconPlugConnected size={16} aria-hidden />} onClick={open}>
        {t("sql.connect.action")}
      </Button>
      <Modal opened={opened} onClose={close} title={t("sql.connect.title")} size="lg">
        {typeof port === "number" ? (
          <Stack gap="sm">
            <Text size="sm">{t("sql.connect.hint")}</Text>
            {connectingTo(window.location, port).map(({ program, code }) => (
              <Stack key={program} gap={4}>
                <Text size="sm" fw={600}>
                  {program}
                </Text>
                <CodeBlock code={code} label={program} />
              </Stack>
            ))}
            <Text size="sm" c="dimmed">
              {t("sql.connect.token")}{" "}
              {may(role, "manage_accounts") && (
                <Anchor component={Link} to="/settings/tokens" size="sm">
                  {t("sql.connect.tokens")}
                </Anchor>
              )}
            </Text>
          </Stack>
        ) : (
          <Stack gap="sm">
            <Alert color="blue" icon={<IconInfoCircle size={18} aria-hidden />} title={t("sql.connect.closed")}>
              {t("sql.connect.closed_hint")}
            </Alert>
            <CodeBlock code={OPENING} label={t("sql.connect.configuration")} />
          </Stack>
        )}
      </Modal>
    </>
  );
}
