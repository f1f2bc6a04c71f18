import { IconLock } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Card } from "../../ui/Page";
import { Empty } from "../../ui/states";

/** Stands in the place of a section that the role may not enter. */
export function Locked() {
  const { t } = useTranslation();
  return (
    <Card>
      <Empty icon={IconLock} title={t("settings.locked.title")} hint={t("settings.locked.hint")} />
    </Card>
  );
}
