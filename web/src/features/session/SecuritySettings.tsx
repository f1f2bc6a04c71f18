import {
  Alert,
  Button,
  Checkbox,
  Code,
  Group,
  NativeSelect,
  PasswordInput,
  Skeleton,
  Stack,
  Switch,
  TagsInput,
  Text,
  TextInput,
} from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import type { Role, SsoRole, SsoSettings, SsoSettingsShown } from "../../api/types";
import { Copy } from "../../ui/Copy";
import { Card } from "../../ui/Page";
import { Answer } from "../../ui/states";
import { toastDone } from "../../ui/toast";
import { policyQuery, ssoSettingsQuery, useSetPolicy, useSetSso } from "./queries";
import { Refusal } from "./Refusal";

const ROLES: Role[] = ["admin", "marketer", "analyst", "operator", "dealer"];

/** How people get in: who must have a second factor, and single sign-on. */
export function SecuritySettings() {
  const policy = useQuery(policyQuery);
  const sso = useQuery(ssoSettingsQuery);
  return (
    <Stack gap="lg">
      <Answer query={policy} skeleton={<Skeleton height={180} />}>
        {({ second_factor_required_for }) => <Policy required={second_factor_required_for} />}
      </Answer>
      <Answer query={sso} skeleton={<Skeleton height={320} />}>
        {(settings) => <Sso key={JSON.stringify(settings)} shown={settings} />}
      </Answer>
    </Stack>
  );
}

function Policy({ required }: { required: Role[] }) {
  const { t } = useTranslation();
  const set = useSetPolicy();
  return (
    <Card title={t("security.policy.title")} hint={t("security.policy.hint")}>
      <Checkbox.Group
        value={required}
        onChange={(roles) => set.mutate(ROLES.filter((role) => roles.includes(role)))}
        aria-label={t("security.policy.title")}
      >
        <Group gap="lg">
          {ROLES.map((role) => (
            <Checkbox key={role} value={role} label={t(`role.${role}`)} disabled={set.isPending} />
          ))}
        </Group>
      </Checkbox.Group>
    </Card>
  );
}

function Sso({ shown }: { shown: SsoSettingsShown }) {
  const { t } = useTranslation();
  const { has_client_secret, redirect_uri, ...kept } = shown;
  const [settings, setSettings] = useState<SsoSettings>(kept);
  const [secret, setSecret] = useState("");
  const set = useSetSso();
  const change = (part: Partial<SsoSettings>) => setSettings((before) => ({ ...before, ...part }));
  const text = (key: "label" | "issuer" | "client_id" | "role_claim") => ({
    label: t(`security.sso.field.${key}`),
    description: t(`security.sso.field.${key}_hint`),
    value: settings[key],
    onChange: (event: { currentTarget: { value: string } }) => change({ [key]: event.currentTarget.value }),
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const client_secret = secret === "" ? null : secret;
    set.mutate({ ...settings, client_secret }, { onSuccess: () => toastDone(t("security.sso.saved")) });
  };
  return (
    <Card title={t("security.sso.title")} hint={t("security.sso.hint")}>
      <form onSubmit={submit} autoComplete="off">
        <Stack gap="md" maw={560}>
          {set.error && <Refusal error={set.error} />}
          <Switch
            label={t("security.sso.enabled")}
            checked={settings.enabled}
            onChange={(event) => change({ enabled: event.currentTarget.checked })}
          />
          {redirect_uri ? (
            <div>
              <Text size="sm" fw={500}>
                {t("security.sso.redirect")}
              </Text>
              <Group gap="xs" wrap="nowrap">
                <Code style={{ overflowWrap: "anywhere" }}>{redirect_uri}</Code>
                <Copy value={redirect_uri} label={t("security.sso.copy")} />
              </Group>
            </div>
          ) : (
            <Alert color="amber" variant="light">
              {t("security.sso.no_address")}
            </Alert>
          )}
          <TextInput {...text("label")} />
          <TextInput {...text("issuer")} type="url" />
          <TextInput {...text("client_id")} />
          <PasswordInput
            label={t("security.sso.client_secret")}
            description={has_client_secret ? t("security.sso.secret_kept") : undefined}
            value={secret}
            onChange={(event) => setSecret(event.currentTarget.value)}
            autoComplete="new-password"
          />
          <TagsInput
            label={t("security.sso.scopes")}
            value={settings.scopes}
            onChange={(scopes) => change({ scopes })}
          />
          <TagsInput
            label={t("security.sso.domains")}
            description={t("security.sso.domains_hint")}
            value={settings.email_domains}
            onChange={(email_domains) => change({ email_domains })}
          />
          <TextInput {...text("role_claim")} />
          {settings.role_claim.trim() !== "" && (
            <RoleMapping roles={settings.roles} onChange={(roles) => change({ roles })} />
          )}
          <NativeSelect
            label={t("security.sso.otherwise")}
            description={t("security.sso.otherwise_hint")}
            value={settings.otherwise ?? ""}
            data={[
              { value: "", label: t("security.sso.refuse") },
              ...ROLES.filter((role) => role !== "dealer").map((role) => ({ value: role, label: t(`role.${role}`) })),
            ]}
            onChange={(event) =>
              change({ otherwise: ROLES.find((role) => role === event.currentTarget.value) ?? null })
            }
          />
          <Group>
            <Button type="submit" loading={set.isPending}>
              {t("ui.save")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Card>
  );
}

function RoleMapping({ roles, onChange }: { roles: SsoRole[]; onChange: (roles: SsoRole[]) => void }) {
  const { t } = useTranslation();
  const put = (at: number, part: Partial<SsoRole>) =>
    onChange(roles.map((entry, index) => (index === at ? { ...entry, ...part } : entry)));
  return (
    <Stack gap="xs">
      <Text size="sm" fw={500}>
        {t("security.sso.roles")}
      </Text>
      {roles.map((entry, at) => (
        <Group key={at} gap="xs" align="flex-end">
          <TextInput
            aria-label={t("security.sso.value")}
            placeholder={t("security.sso.value")}
            value={entry.value}
            onChange={(event) => put(at, { value: event.currentTarget.value })}
            style={{ flex: "1 1 140px" }}
          />
          <NativeSelect
            aria-label={t("settings.role")}
            value={entry.role}
            data={ROLES.map((role) => ({ value: role, label: t(`role.${role}`) }))}
            onChange={(event) => {
              const role = ROLES.find((known) => known === event.currentTarget.value) ?? "analyst";
              put(at, { role, dealer: role === "dealer" ? (entry.dealer ?? "") : null });
            }}
          />
          {entry.role === "dealer" && (
            <TextInput
              aria-label={t("settings.dealer")}
              placeholder={t("settings.dealer")}
              value={entry.dealer ?? ""}
              onChange={(event) => put(at, { dealer: event.currentTarget.value })}
              style={{ flex: "1 1 100px" }}
            />
          )}
          <Button
            variant="subtle"
            color="gray"
            px="xs"
            aria-label={t("ui.remove")}
            onClick={() => onChange(roles.filter((_, index) => index !== at))}
          >
            <IconTrash size={16} aria-hidden />
          </Button>
        </Group>
      ))}
      <Group>
        <Button
          variant="default"
          size="xs"
          leftSection={<IconPlus size={15} aria-hidden />}
          onClick={() => onChange([...roles, { value: "", role: "analyst", dealer: null }])}
        >
          {t("security.sso.add_role")}
        </Button>
      </Group>
    </Stack>
  );
}
