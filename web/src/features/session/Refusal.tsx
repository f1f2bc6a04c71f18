import { Alert } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../../api/client";
import { errorText } from "../../ui/errorText";

/** Why somebody was not let in, or a change was not made. */
export function Refusal({ error }: { error: Error }) {
  const { t } = useTranslation();
  return (
    <Alert color="red" variant="light" icon={<IconAlertTriangle aria-hidden />} role="alert">
      {reason()}
    </Alert>
  );

  function reason(): string {
    if (!(error instanceof ApiError)) return errorText(t, error);
    if (error.status === 429) return t("session.sign_in.throttled", { count: error.retryAfterS ?? 60 });
    if (error.code === "wrong_password" && error.status === 401) return t("session.sign_in.wrong");
    if (error.code === "wrong_password") return t("session.account.wrong_password");
    if (error.code === "wrong_code") return t("session.code.wrong");
    if (error.code === "weak_password") return t("session.weak_password");
    return errorText(t, error);
  }
}
