import { Tabs } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import { GateRules } from "./GateRules";
import { Senders } from "./Senders";
import { SuppressedAddresses } from "./SuppressedAddresses";

const TABS = ["rules", "suppressed", "senders"] as const;

/** What people may get and when, who gets nothing, and how each channel is reached. */
export function Gate() {
  const { t } = useTranslation();
  const { role } = useMe();
  const navigate = useNavigate();
  const search: Record<string, unknown> = useSearch({ strict: false });
  const tabs = TABS.filter((tab) => tab !== "senders" || may(role, "manage_sending"));
  const tab = tabs.find((each) => each === search.tab) ?? "rules";
  return (
    <Tabs
      value={tab}
      keepMounted={false}
      onChange={(next) =>
        void navigate({
          to: "/settings/$section",
          params: { section: "messages" },
          search: next === "rules" ? {} : { tab: next },
          replace: true,
        })
      }
    >
      <Tabs.List mb="md">
        {tabs.map((each) => (
          <Tabs.Tab key={each} value={each}>
            {t(`gate.tab.${each}`)}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      <Tabs.Panel value="rules">
        <GateRules />
      </Tabs.Panel>
      <Tabs.Panel value="suppressed">
        <SuppressedAddresses />
      </Tabs.Panel>
      <Tabs.Panel value="senders">
        <Senders />
      </Tabs.Panel>
    </Tabs>
  );
}
