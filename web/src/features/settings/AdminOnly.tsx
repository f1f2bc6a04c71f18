import { IconLock } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import { Card } from "../../ui/Page";
import { Empty } from "../../ui/states";

export function AdminOnly({ children }: { children: ReactNode }) {
  const { t } = useTranslation();
  const { role } = useMe();
  if (may(role, "manage_accounts")) return children;
  return (
    <Card>
      <Empty icon={IconLock} title={t("settings.locked.title")} hint={t("settings.locked.hint")} />
    </Card>
  );
}
