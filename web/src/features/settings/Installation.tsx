import { Anchor, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useMe } from "../../api/session";
import { Card } from "../../ui/Page";
import classes from "./Installation.module.css";

/** What this installation is set to, and where programs find its description. */
export function Installation() {
  const { t } = useTranslation();
  const { installation } = useMe();
  const facts = [
    [t("settings.about.name"), installation.name],
    [t("settings.about.time_zone"), installation.time_zone],
    [t("settings.about.currency"), installation.currency],
    [t("settings.about.safe_mode"), installation.safe_mode ? t("settings.about.on") : t("settings.about.off")],
  ];
  return (
    <Card title={t("settings.about.title")}>
      <Stack gap="md">
        <dl className={classes.facts}>
          {facts.map(([name, value]) => (
            <div key={name} className={classes.fact}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
        <Text size="sm" c="dimmed">
          {t("settings.about.config")}
        </Text>
        <Anchor href="/api/openapi.json" size="sm">
          {t("settings.about.openapi")}
        </Anchor>
      </Stack>
    </Card>
  );
}
