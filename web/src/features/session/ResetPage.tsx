import { Button, PasswordInput, Skeleton, Stack } from "@mantine/core";
import { IconLinkOff } from "@tabler/icons-react";
import { queryOptions, useMutation, useQuery } from "@tanstack/react-query";
import { Link, useLocation, useNavigate } from "@tanstack/react-router";
import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "../../api/client";
import { Answer, Empty } from "../../ui/states";
import { PASSWORD_LENGTH_MIN } from "./password";
import { Refusal } from "./Refusal";
import { SessionFrame } from "./SessionFrame";

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
  const link = useQuery(resetLink(token));
  return (
    <SessionFrame title={t("session.reset.title")} hint={t("session.reset.hint")}>
      <Answer query={link} skeleton={<Skeleton height={140} />}>
        {({ valid }) => (valid ? <ResetForm token={token} /> : <UsedLink />)}
      </Answer>
    </SessionFrame>
  );
}

function UsedLink() {
  const { t } = useTranslation();
  return (
    <Empty
      icon={IconLinkOff}
      title={t("session.reset.used")}
      hint={t("session.reset.used_hint")}
      action={
        <Button variant="default" renderRoot={(props) => <Link to="/forgotten" {...props} />}>
          {t("session.reset.again")}
        </Button>
      }
    />
  );
}

function ResetForm({ token }: { token: string }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [isShort, setIsShort] = useState(false);
  const reset = useMutation({
    mutationFn: (password: string) => api.POST("/api/auth/reset", { body: { token, password } }),
    onSuccess: () => navigate({ to: "/sign-in", search: { done: "reset" }, replace: true }),
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const password = String(new FormData(event.currentTarget).get("password"));
    setIsShort(password.length < PASSWORD_LENGTH_MIN);
    if (PASSWORD_LENGTH_MIN <= password.length) reset.mutate(password);
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        {reset.error && <Refusal error={reset.error} />}
        <PasswordInput
          name="password"
          label={t("session.reset.password")}
          description={t("session.password_rule", { count: PASSWORD_LENGTH_MIN })}
          error={isShort && t("session.password_short", { count: PASSWORD_LENGTH_MIN })}
          autoComplete="new-password"
          required
          autoFocus
        />
        <Button type="submit" loading={reset.isPending} fullWidth>
          {t("session.reset.action")}
        </Button>
      </Stack>
    </form>
  );
}
