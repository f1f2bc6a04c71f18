import { Alert, Button, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useRouter } from "@tanstack/react-router";
import type { FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../../api/client";
import { meQuery, signIn } from "../../api/session";
import { errorText } from "../../ui/errorText";
import { SessionFrame } from "./SessionFrame";

const route = getRouteApi("/sign-in");

export function SignInPage() {
  const { t } = useTranslation();
  const enter = useSignIn();

  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    enter.mutate({ email: String(fields.get("email")), password: String(fields.get("password")) });
  };

  return (
    <SessionFrame title={t("session.sign_in.title")} hint={t("session.sign_in.hint")}>
      <form onSubmit={submit}>
        <Stack gap="md">
          {enter.error && <Refusal error={enter.error} />}
          <TextInput name="email" type="email" label={t("session.email")} autoComplete="username" required autoFocus />
          <PasswordInput name="password" label={t("session.password")} autoComplete="current-password" required />
          <Button type="submit" loading={enter.isPending} fullWidth mt="xs">
            {t("session.sign_in.action")}
          </Button>
          <Text size="xs" c="dimmed">
            {t("session.sign_in.first_start")}
          </Text>
        </Stack>
      </form>
    </SessionFrame>
  );
}

function Refusal({ error }: { error: Error }) {
  const { t } = useTranslation();
  return (
    <Alert color="red" variant="light" icon={<IconAlertTriangle aria-hidden />} role="alert">
      {reason()}
    </Alert>
  );

  function reason(): string {
    if (!(error instanceof ApiError)) return errorText(t, error);
    if (error.status === 401) return t("session.sign_in.wrong");
    if (error.status === 429) return t("session.sign_in.throttled", { count: error.retryAfterS ?? 60 });
    return errorText(t, error);
  }
}

function useSignIn() {
  const queryClient = useQueryClient();
  const router = useRouter();
  const { to } = route.useSearch();
  return useMutation({
    mutationFn: ({ email, password }: { email: string; password: string }) => signIn(email, password),
    onSuccess: (me) => {
      queryClient.clear();
      queryClient.setQueryData(meQuery.queryKey, me);
      // Only a path of this site: a link must not lead the reader away with a fresh session.
      router.history.push(to?.startsWith("/") && !to.startsWith("//") ? to : "/");
    },
  });
}
