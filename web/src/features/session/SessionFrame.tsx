import { Group, Paper, Text, Title } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { LanguagePicker } from "./LanguagePicker";
import classes from "./SessionFrame.module.css";

/** The page of those who are not in yet: a form on the forecourt. */
export function SessionFrame({ title, hint, children }: { title: string; hint: string; children: ReactNode }) {
  const { t } = useTranslation();
  useDocumentTitle(t("ui.page_title", { title }));
  return (
    <main className={classes.frame}>
      <div className={classes.lanes} aria-hidden />
      <Paper className={classes.card} radius="lg" withBorder>
        <Group justify="space-between" mb="xl">
          <Text fw={700} size="lg" className={classes.brand}>
            {t("shell.product")}
          </Text>
          <LanguagePicker />
        </Group>
        <Title order={1}>{title}</Title>
        <Text c="dimmed" size="sm" mt={4} mb="lg">
          {hint}
        </Text>
        {children}
      </Paper>
    </main>
  );
}
