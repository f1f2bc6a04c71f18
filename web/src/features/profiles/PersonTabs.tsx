import { Button, Tabs } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconArrowMerge } from "@tabler/icons-react";
import { getRouteApi } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import type { Profile } from "../../api/types";
import classes from "./Identity.module.css";
import { MergeDialog } from "./MergeDialog";
import { WhyOnePerson } from "./WhyOnePerson";

const route = getRouteApi("/shell/profiles/$profileId");

/** What a person did, and why it is one person; beside them the way to say that two are one. */
export function PersonTabs({ profile, children }: { profile: Profile; children: ReactNode }) {
  const { t } = useTranslation();
  const { role } = useMe();
  const { tab } = route.useSearch();
  const navigate = route.useNavigate();
  const [opened, dialog] = useDisclosure(false);
  return (
    <Tabs
      value={tab ?? "activity"}
      onChange={(value) => void navigate({ search: value === "identity" ? { tab: value } : {} })}
      keepMounted={false}
    >
      <div className={classes.tabs}>
        <Tabs.List aria-label={t("profiles.tab.label")}>
          <Tabs.Tab value="activity">{t("profiles.tab.activity")}</Tabs.Tab>
          <Tabs.Tab value="identity">{t("profiles.tab.identity")}</Tabs.Tab>
        </Tabs.List>
        {may(role, "edit_profiles") && (
          <Button
            size="xs"
            variant="default"
            leftSection={<IconArrowMerge size={15} aria-hidden />}
            onClick={dialog.open}
          >
            {t("profiles.merge.action")}
          </Button>
        )}
      </div>
      <Tabs.Panel value="activity">{children}</Tabs.Panel>
      <Tabs.Panel value="identity">
        <WhyOnePerson profileId={profile.profile_id} />
      </Tabs.Panel>
      {opened && <MergeDialog profile={profile} onClose={dialog.close} />}
    </Tabs>
  );
}
