import { NativeSelect, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Role } from "../../api/types";
import { ROLES } from "./queries";

/** Which role, and for a dealer which one. Fields `role` and `dealer` of the form around. */
export function RoleFields({ initial, dealer }: { initial: Role; dealer?: string | null }) {
  const { t } = useTranslation();
  const [role, setRole] = useState(initial);
  return (
    <>
      <NativeSelect
        name="role"
        label={t("settings.role")}
        description={t(`settings.role_hint.${role}`)}
        value={role}
        data={ROLES.map((value) => ({ value, label: t(`role.${value}`) }))}
        onChange={(event) => setRole(ROLES.find((known) => known === event.currentTarget.value) ?? initial)}
      />
      {role === "dealer" && (
        <TextInput
          name="dealer"
          label={t("settings.dealer")}
          description={t("settings.dealer_hint")}
          defaultValue={dealer ?? ""}
          required
        />
      )}
    </>
  );
}

/** The fields' values as the form holds them. */
export function readRole(fields: FormData): { role: Role; dealer: string | null } {
  const role = ROLES.find((known) => known === fields.get("role")) ?? "analyst";
  return { role, dealer: role === "dealer" ? String(fields.get("dealer")).trim() : null };
}
