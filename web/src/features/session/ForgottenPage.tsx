import { Alert, Anchor, Button, Stack, TextInput } from "@mantine/core";
import { IconMailForward } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { Refusal } from "./Refusal";
import { SessionFrame } from "./SessionFrame";

/** Asks for a link by e-mail. The answer does not say whether there is such an account. */
export function ForgottenPage() {
  const { t, i18n } = useTranslation();
  const ask = useMutation({
    mutationFn: (email: string) => api.POST("/api/auth/reset/ask", { body: { email, language: i18n.language } }),
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    ask.mutate(String(new FormData(event.currentTarget).get("email")));
  };
  return (
    <SessionFrame title={t("session.forgotten.title")} hint={t("session.forgotten.hint")}>
      <Stack gap="md">
        {ask.isSuccess ? (
          <Alert color="green" variant="light" icon={<IconMailForward aria-hidden />} role="status">
            {t("session.forgotten.sent", { email: ask.variables })}
          </Alert>
        ) : (
          <form onSubmit={submit}>
            <Stack gap="md">
              {ask.error && <Refusal error={ask.error} />}
              <TextInput
                name="email"
                type="email"
                label={t("session.email")}
                autoComplete="username"
                required
                autoFocus
              />
              <Button type="submit" loading={ask.isPending} fullWidth>
                {t("session.forgotten.action")}
              </Button>
            </Stack>
          </form>
        )}
        <Anchor size="sm" ta="center" renderRoot={(props) => <Link to="/sign-in" search={{}} {...props} />}>
          {t("session.forgotten.back")}
        </Anchor>
      </Stack>
    </SessionFrame>
  );
}
