import { IconBan, IconDeviceMobile, IconUser, IconUsersGroup } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { IdentityNode } from "../../api/types";

/** What an identifier names, as a picture with a word for those who see none. */
export function RoleMark({ role, isShared }: { role: IdentityNode["role"]; isShared: boolean }) {
  const { t } = useTranslation();
  const Picture = isShared ? IconUsersGroup : { person: IconUser, device: IconDeviceMobile, nobody: IconBan }[role];
  const word = isShared ? t("profiles.why.mark.shared") : t(`profiles.why.mark.${role}`);
  return <Picture size={15} stroke={1.8} role="img" aria-label={word} title={word} />;
}
