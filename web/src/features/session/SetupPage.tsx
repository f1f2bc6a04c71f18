import { Alert, Button, PasswordInput, Skeleton, Stack, TextInput } from "@mantine/core";
import { IconAlertTriangle, IconLinkOff } from "@tabler/icons-react";
import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "../../api/client";
import { meQuery, setUp } from "../../api/session";
import { errorText } from "../../ui/errorText";
import { Answer, Empty } from "../../ui/states";
import { PASSWORD_LENGTH_MIN } from "./password";
import { SessionFrame } from "./SessionFrame";

const route = getRouteApi("/setup");

const setupLink = (token: string) =>
  queryOptions({
    queryKey: ["setup", token],
    queryFn: () => body(api.GET("/api/auth/setup", { params: { query: { token } } })),
  });

/** What the one-time link of the first start leads to: the first account. */
export function SetupPage() {
  const { t } = useTranslation();
  const { token = "" } = route.useSearch();
  const link = useQuery(setupLink(token));
  return (
    <SessionFrame title={t("session.setup.title")} hint={t("session.setup.hint")}>
      <Answer query={link} skeleton={<Skeleton height={260} />}>
        {({ valid }) => (valid ? <SetupForm token={token} /> : <UsedLink />)}
      </Answer>
    </SessionFrame>
  );
}

function UsedLink() {
  const { t } = useTranslation();
  return (
    <Empty
      icon={IconLinkOff}
      title={t("session.setup.used")}
      hint={t("session.setup.used_hint")}
      action={
        <Button variant="default" renderRoot={(props) => <Link to="/sign-in" {...props} />}>
          {t("session.sign_in.action")}
        </Button>
      }
    />
  );
}

function SetupForm({ token }: { token: string }) {
  const { t } = useTranslation();
  const create = useSetUp(token);
  const [shortPassword, setShortPassword] = useState(false);

  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const password = String(fields.get("password"));
    const tooShort = password.length < PASSWORD_LENGTH_MIN;
    setShortPassword(tooShort);
    if (!tooShort) create.mutate({ email: String(fields.get("email")), name: String(fields.get("name")), password });
  };

  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        {create.error && (
          <Alert color="red" variant="light" icon={<IconAlertTriangle aria-hidden />} role="alert">
            {errorText(t, create.error)}
          </Alert>
        )}
        <TextInput name="name" label={t("session.name")} autoComplete="name" required autoFocus />
        <TextInput name="email" type="email" label={t("session.email")} autoComplete="username" required />
        <PasswordInput
          name="password"
          label={t("session.password")}
          description={t("session.password_rule", { count: PASSWORD_LENGTH_MIN })}
          error={shortPassword && t("session.password_short", { count: PASSWORD_LENGTH_MIN })}
          autoComplete="new-password"
          required
        />
        <Button type="submit" loading={create.isPending} fullWidth mt="xs">
          {t("session.setup.action")}
        </Button>
      </Stack>
    </form>
  );
}

function useSetUp(token: string) {
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: (account: { email: string; password: string; name: string }) =>
      setUp(token, account.email, account.password, account.name),
    onSuccess: (me) => {
      queryClient.setQueryData(meQuery.queryKey, me);
      void navigate({ to: "/" });
    },
  });
}
