import { Button, Stack, TextInput } from "@mantine/core";
import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import type { FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "../../api/client";
import { meQuery, setUp } from "../../api/session";
import { NewPassword, useNewPassword } from "./NewPassword";
import { OneTimeLink } from "./OneTimeLink";
import { Refusal } from "./Refusal";

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
  return (
    <OneTimeLink
      title={t("session.setup.title")}
      hint={t("session.setup.hint")}
      link={useQuery(setupLink(token))}
      height={260}
      used={{
        title: t("session.setup.used"),
        hint: t("session.setup.used_hint"),
        action: t("session.sign_in.action"),
        to: "/sign-in",
      }}
    >
      <SetupForm token={token} />
    </OneTimeLink>
  );
}

function SetupForm({ token }: { token: string }) {
  const { t } = useTranslation();
  const create = useSetUp(token);
  const { isShort, read } = useNewPassword();

  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const password = read(fields);
    if (password) create.mutate({ email: String(fields.get("email")), name: String(fields.get("name")), password });
  };

  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        {create.error && <Refusal error={create.error} />}
        <TextInput name="name" label={t("session.name")} autoComplete="name" required autoFocus />
        <TextInput name="email" type="email" label={t("session.email")} autoComplete="username" required />
        <NewPassword label={t("session.password")} isShort={isShort} />
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
