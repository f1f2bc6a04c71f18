import { Group, Text, Title } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import classes from "./Page.module.css";
import { usePageTools } from "./PageTools";

export function Page({
  title,
  subtitle,
  actions,
  children,
}: {
  title: string;
  subtitle?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}) {
  const { t } = useTranslation();
  const tools = usePageTools();
  useDocumentTitle(t("ui.page_title", { title }));
  return (
    <div className={classes.page}>
      <Group justify="space-between" align="flex-end" gap="sm" mb="lg">
        <div>
          <Title order={1}>{title}</Title>
          {subtitle && (
            <Text size="sm" c="dimmed" mt={2} component="div">
              {subtitle}
            </Text>
          )}
        </div>
        {(actions || tools) && (
          <Group gap="xs">
            {actions}
            {tools}
          </Group>
        )}
      </Group>
      {children}
    </div>
  );
}

/** A titled surface. `flush` lets a table or a list run to its edges; `foot` stays in sight while the card is scrolled. */
export function Card({
  title,
  hint,
  actions,
  flush = false,
  foot,
  className,
  children,
}: {
  title?: string;
  hint?: ReactNode;
  actions?: ReactNode;
  flush?: boolean;
  foot?: ReactNode;
  className?: string;
  children: ReactNode;
}) {
  return (
    <section className={`${classes.card} ${className ?? ""}`}>
      {(title || actions) && (
        <Group justify="space-between" gap="xs" className={classes.head}>
          <div>
            {title && <Title order={2}>{title}</Title>}
            {hint && (
              <Text size="xs" c="dimmed" component="div">
                {hint}
              </Text>
            )}
          </div>
          {actions}
        </Group>
      )}
      <div className={flush ? classes.flush : classes.body}>{children}</div>
      {foot && <div className={classes.foot}>{foot}</div>}
    </section>
  );
}
