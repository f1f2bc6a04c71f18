import { Button, Stack } from "@mantine/core";
import { queryOptions, useMutation, useQuery } from "@tanstack/react-query";
import { useLocation, useNavigate } from "@tanstack/react-router";
import type { FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "../../api/client";
import { NewPassword, useNewPassword } from "./NewPassword";
import { OneTimeLink } from "./OneTimeLink";
import { Refusal } from "./Refusal";

const resetLink = (token: string) =>
  queryOptions({
    queryKey: ["reset", token],
    queryFn: () => body(api.GET("/api/auth/reset", { params: { query: { token } } })),
    retry: false,
  });

/** What a reset link leads to: a new password. The secret stands behind the `#`, where no server's log sees it. */
export function ResetPage() {
  const { t } = useTranslation();
  const token = useLocation({ select: (location) => location.hash });
  return (
    <OneTimeLink
      title={t("session.reset.title")}
      hint={t("session.reset.hint")}
      link={useQuery(resetLink(token))}
      height={140}
      used={{
        title: t("session.reset.used"),
        hint: t("session.reset.used_hint"),
        action: t("session.reset.again"),
        to: "/forgotten",
      }}
    >
      <ResetForm token={token} />
    </OneTimeLink>
  );
}

function ResetForm({ token }: { token: string }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { isShort, read } = useNewPassword();
  const reset = useMutation({
    mutationFn: (password: string) => api.POST("/api/auth/reset", { body: { token, password } }),
    onSuccess: () => navigate({ to: "/sign-in", search: { done: "reset" }, replace: true }),
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const password = read(new FormData(event.currentTarget));
    if (password) reset.mutate(password);
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        {reset.error && <Refusal error={reset.error} />}
        <NewPassword label={t("session.reset.password")} isShort={isShort} autoFocus />
        <Button type="submit" loading={reset.isPending} fullWidth>
          {t("session.reset.action")}
        </Button>
      </Stack>
    </form>
  );
}
