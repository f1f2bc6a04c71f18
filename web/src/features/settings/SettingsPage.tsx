import { Tabs } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Page } from "../../ui/Page";
import { About } from "./About";
import { People } from "./People";
import { TABS } from "./search";
import { Tokens } from "./Tokens";

const route = getRouteApi("/shell/settings");

export function SettingsPage() {
  const { t } = useTranslation();
  const { tab = "people" } = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <Page title={t("settings.title")}>
      <Tabs
        value={tab}
        keepMounted={false}
        onChange={(value) => void navigate({ search: { tab: TABS.find((known) => known === value) } })}
      >
        <Tabs.List mb="md">
          {TABS.map((value) => (
            <Tabs.Tab key={value} value={value}>
              {t(`settings.tab.${value}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="people">
          <People />
        </Tabs.Panel>
        <Tabs.Panel value="tokens">
          <Tokens />
        </Tabs.Panel>
        <Tabs.Panel value="about">
          <About />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
