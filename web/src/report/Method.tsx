import { Anchor, Button, Drawer, Stack, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconInfoCircle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

/** How the numbers come about, one click away. */
export function Method({ title, parts }: { title: string; parts: { title: string; text: string; source?: string }[] }) {
  const { t } = useTranslation();
  const [opened, { open, close }] = useDisclosure();
  return (
    <>
      <Button
        size="xs"
        variant="default"
        leftSection={<IconInfoCircle size={15} aria-hidden />}
        aria-haspopup="dialog"
        onClick={open}
      >
        {t("report.method")}
      </Button>
      <Drawer opened={opened} onClose={close} position="right" size="md" title={title}>
        <Stack gap="md">
          {parts.map((part) => (
            <section key={part.title}>
              <Title order={3} size="sm" mb={4}>
                {part.title}
              </Title>
              <Text size="sm" style={{ whiteSpace: "pre-line" }}>
                {part.text}
              </Text>
              {part.source && (
                <Anchor size="xs" href={part.source} target="_blank" rel="noreferrer">
                  {t("report.source")}
                </Anchor>
              )}
            </section>
          ))}
        </Stack>
      </Drawer>
    </>
  );
}
