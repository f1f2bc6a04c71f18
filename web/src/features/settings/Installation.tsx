import { Anchor, Autocomplete, Button, Stack, Text, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { FormEvent } from "react";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import { Card } from "../../ui/Page";
import classes from "./Installation.module.css";
import { useChangeInstallation } from "./queries";

/** What the installation is called and counts in, and where programs find its description. */
export function Installation() {
  const { t } = useTranslation();
  const { installation, role } = useMe();
  return (
    <>
      <Card title={t("settings.about.title")} hint={t("settings.about.hint")}>
        {may(role, "manage_installation") ? <InstallationForm /> : <Facts />}
      </Card>
      <Card title={t("settings.about.more")}>
        <Stack gap="md">
          <dl className={classes.facts}>
            <div className={classes.fact}>
              <dt>{t("settings.about.safe_mode")}</dt>
              <dd>{installation.safe_mode ? t("settings.about.on") : t("settings.about.off")}</dd>
            </div>
          </dl>
          <Anchor href="/api/openapi.json" size="sm">
            {t("settings.about.openapi")}
          </Anchor>
        </Stack>
      </Card>
    </>
  );
}

function Facts() {
  const { t } = useTranslation();
  const { installation } = useMe();
  const facts = [
    [t("settings.about.name"), installation.name],
    [t("settings.about.time_zone"), installation.time_zone],
    [t("settings.about.currency"), installation.currency],
  ];
  return (
    <dl className={classes.facts}>
      {facts.map(([name, value]) => (
        <div key={name} className={classes.fact}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function InstallationForm() {
  const { t } = useTranslation();
  const { installation } = useMe();
  const change = useChangeInstallation();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const text = (name: string) => String(fields.get(name)).trim();
    change.mutate({ name: text("name"), time_zone: text("time_zone"), currency: text("currency").toUpperCase() });
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md" maw={420}>
        <TextInput
          name="name"
          label={t("settings.about.name")}
          description={t("settings.about.name_hint")}
          defaultValue={installation.name}
          maxLength={80}
          required
        />
        <Autocomplete
          name="time_zone"
          label={t("settings.about.time_zone")}
          description={t("settings.about.time_zone_hint")}
          defaultValue={installation.time_zone}
          data={zones()}
          limit={40}
          comboboxProps={{ withinPortal: true }}
          required
        />
        <TextInput
          name="currency"
          label={t("settings.about.currency")}
          description={t("settings.about.currency_hint")}
          defaultValue={installation.currency}
          maxLength={3}
          pattern="[A-Za-z]{3}"
          styles={{ input: { maxWidth: 140 } }}
          required
        />
        <Text size="xs" c="dimmed">
          {t("settings.about.past")}
        </Text>
        <Button type="submit" loading={change.isPending} style={{ alignSelf: "flex-start" }}>
          {t("ui.save")}
        </Button>
      </Stack>
    </form>
  );
}

/** The zones that the browser knows; the server checks what was typed. */
function zones(): string[] {
  return typeof Intl.supportedValuesOf === "function" ? ["UTC", ...Intl.supportedValuesOf("timeZone")] : ["UTC"];
}
