import { Badge, Tabs } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useFormat } from "../../ui/FormatContext";
import { Page } from "../../ui/Page";
import { openLettersQuery } from "./queries";
import { Refused } from "./Refused";
import type { LiveSearch } from "./search";
import { Stream } from "./Stream";

const route = getRouteApi("/shell/live");

export function LivePage() {
  const { t } = useTranslation();
  const format = useFormat();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { data: letters } = useQuery(openLettersQuery);
  const open = letters?.total_open ?? 0;

  const refine = (change: Partial<LiveSearch>) => void navigate({ search: { ...search, ...change }, replace: true });

  return (
    <Page title={t("live.title")} subtitle={t("live.subtitle")}>
      <Tabs
        value={search.tab ?? "stream"}
        onChange={(tab) => void navigate({ search: tab === "refused" ? { tab } : {} })}
        keepMounted={false}
      >
        <Tabs.List mb="md">
          <Tabs.Tab value="stream">{t("live.tab.stream")}</Tabs.Tab>
          <Tabs.Tab
            value="refused"
            rightSection={
              0 < open && (
                <Badge size="sm" color="red" variant="light" className="num">
                  {format.compact(open)}
                </Badge>
              )
            }
          >
            {t("live.tab.refused")}
          </Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="stream">
          <Stream search={search} onSearch={refine} />
        </Tabs.Panel>
        <Tabs.Panel value="refused">
          <Refused search={search} onSearch={refine} />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
