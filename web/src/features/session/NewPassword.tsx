import { PasswordInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { PASSWORD_LENGTH_MIN } from "./password";

/** A form's new password: whether the last one was too short, and how to read it from the form once it is not. */
export function useNewPassword() {
  const [isShort, setIsShort] = useState(false);
  const read = (fields: FormData): string | null => {
    const password = String(fields.get("password"));
    const short = password.length < PASSWORD_LENGTH_MIN;
    setIsShort(short);
    return short ? null : password;
  };
  return { isShort, read };
}

export function NewPassword({ label, isShort, autoFocus }: { label: string; isShort: boolean; autoFocus?: boolean }) {
  const { t } = useTranslation();
  return (
    <PasswordInput
      name="password"
      label={label}
      description={t("session.password_rule", { count: PASSWORD_LENGTH_MIN })}
      error={isShort && t("session.password_short", { count: PASSWORD_LENGTH_MIN })}
      autoComplete="new-password"
      required
      autoFocus={autoFocus}
    />
  );
}
