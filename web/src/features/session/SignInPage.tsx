import { Alert, Anchor, Button, Divider, Group, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { IconAlertTriangle, IconLogin2 } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link, useRouter } from "@tanstack/react-router";
import type { FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../../api/client";
import { meQuery, signIn, type Credentials } from "../../api/session";
import { ssoOffer } from "./queries";
import { Refusal } from "./Refusal";
import { SessionFrame } from "./SessionFrame";

const route = getRouteApi("/sign-in");

/** E-mail and password, then the code where the account has a second factor; or single sign-on. */
export function SignInPage() {
  const { t } = useTranslation();
  const { sso, done } = route.useSearch();
  const enter = useSignIn();
  const asksCode = enter.error instanceof ApiError && ["code_needed", "wrong_code"].includes(enter.error.code);
  if ((asksCode || enter.variables?.code) && enter.variables) {
    return <CodeStep enter={enter} credentials={enter.variables} />;
  }
  return (
    <SessionFrame title={t("session.sign_in.title")} hint={t("session.sign_in.hint")}>
      <Stack gap="md">
        {enter.error && <Refusal error={enter.error} />}
        {!enter.error && sso && <SsoRefusal code={sso} />}
        {!enter.error && done && (
          <Alert color="green" variant="light" role="status">
            {t("session.reset.done")}
          </Alert>
        )}
        <PasswordForm enter={enter} />
        <SsoButton />
        <Text size="xs" c="dimmed">
          {t("session.sign_in.first_start")}
        </Text>
      </Stack>
    </SessionFrame>
  );
}

type Enter = ReturnType<typeof useSignIn>;

function PasswordForm({ enter }: { enter: Enter }) {
  const { t } = useTranslation();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    enter.mutate({ email: String(fields.get("email")), password: String(fields.get("password")), code: null });
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <TextInput name="email" type="email" label={t("session.email")} autoComplete="username" required autoFocus />
        <PasswordInput name="password" label={t("session.password")} autoComplete="current-password" required />
        <Button type="submit" loading={enter.isPending} fullWidth mt="xs">
          {t("session.sign_in.action")}
        </Button>
        <Anchor size="sm" ta="center" renderRoot={(props) => <Link to="/forgotten" {...props} />}>
          {t("session.sign_in.forgotten")}
        </Anchor>
      </Stack>
    </form>
  );
}

function CodeStep({ enter, credentials }: { enter: Enter; credentials: Credentials }) {
  const { t } = useTranslation();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    enter.mutate({ ...credentials, code: String(new FormData(event.currentTarget).get("code")) });
  };
  const isRefused = enter.error && !(enter.error instanceof ApiError && enter.error.code === "code_needed");
  return (
    <SessionFrame title={t("session.code.title")} hint={t("session.code.hint")}>
      <form onSubmit={submit}>
        <Stack gap="md">
          {isRefused && <Refusal error={enter.error} />}
          <TextInput
            name="code"
            label={t("session.code.label")}
            description={t("session.code.description")}
            autoComplete="one-time-code"
            inputMode="text"
            required
            autoFocus
          />
          <Button type="submit" loading={enter.isPending} fullWidth mt="xs">
            {t("session.sign_in.action")}
          </Button>
          <Group justify="center">
            <Button variant="subtle" size="compact-sm" onClick={() => enter.reset()}>
              {t("session.code.back")}
            </Button>
          </Group>
        </Stack>
      </form>
    </SessionFrame>
  );
}

function SsoButton() {
  const { t } = useTranslation();
  const { to } = route.useSearch();
  const offer = useQuery(ssoOffer);
  if (!offer.data?.enabled) return null;
  const address = `/api/auth/sso/start${to ? `?to=${encodeURIComponent(to)}` : ""}`;
  return (
    <>
      <Divider label={t("session.sign_in.or")} />
      <Button
        component="a"
        href={address}
        variant="default"
        fullWidth
        leftSection={<IconLogin2 size={16} aria-hidden />}
      >
        {t("session.sign_in.sso", { name: offer.data.label })}
      </Button>
    </>
  );
}

const SSO_REASONS = ["stale", "refused", "unverified", "domain", "no_role", "unknown", "failed"] as const;

function SsoRefusal({ code }: { code: string }) {
  const { t } = useTranslation();
  const reason = SSO_REASONS.find((known) => known === code) ?? "failed";
  return (
    <Alert color="red" variant="light" icon={<IconAlertTriangle aria-hidden />} role="alert">
      {t(`session.sso.verdict.${reason}`)}
    </Alert>
  );
}

function useSignIn() {
  const queryClient = useQueryClient();
  const router = useRouter();
  const { to } = route.useSearch();
  return useMutation({
    mutationFn: signIn,
    onSuccess: (me) => {
      queryClient.clear();
      queryClient.setQueryData(meQuery.queryKey, me);
      // Only a path of this site: a link must not lead the reader away with a fresh session.
      router.history.push(to?.startsWith("/") && !to.startsWith("//") ? to : "/");
    },
  });
}
