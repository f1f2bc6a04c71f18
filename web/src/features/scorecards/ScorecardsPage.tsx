import { Skeleton, Tabs } from "@mantine/core";
import { IconTrophy } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Method } from "../../report/Method";
import { useFormat } from "../../ui/FormatContext";
import { Card, Page } from "../../ui/Page";
import { daysOf, periodOf, periodSearch } from "../../ui/period";
import { PeriodPicker } from "../../ui/PeriodPicker";
import { Answer, Empty } from "../../ui/states";
import { AdGateTab } from "./gate/AdGateTab";
import { DeskReport } from "./DeskReport";
import { deskQuery, scorecardsQuery } from "./queries";
import classes from "./Scorecards.module.css";
import { ScorecardTable } from "./ScorecardTable";
import { DEFAULT_DAYS, TABS, type ScorecardsSearch } from "./search";

const route = getRouteApi("/shell/scorecards");
type Days = { from: string; to: string };

/** How dealers deal with their leads, and how the lead desk does with all of them. */
export function ScorecardsPage() {
  const { t } = useTranslation();
  const format = useFormat();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const go = (next: ScorecardsSearch) => void navigate({ search: next, replace: true });
  const period = periodOf(search, DEFAULT_DAYS);
  const days = daysOf(period, format.dayOf(new Date()));
  const tab = search.tab ?? "dealers";
  const parts = (["times", "rates", "adjusted", "rank", "lost"] as const).map((part) => ({
    title: t(`scorecards.method.${part}.title`),
    text: t(`scorecards.method.${part}.text`),
  }));
  return (
    <Page
      title={t("scorecards.title")}
      subtitle={t("scorecards.subtitle")}
      actions={
        <>
          {tab !== "gate" && <Method title={t("scorecards.method.title")} parts={parts} />}
          {tab !== "gate" && (
            <PeriodPicker
              value={period}
              onChange={(next) =>
                go({
                  ...(search.tab && { tab: search.tab }),
                  ...(search.region && { region: search.region }),
                  ...periodSearch(next, DEFAULT_DAYS),
                })
              }
            />
          )}
        </>
      }
    >
      <Tabs
        value={tab}
        onChange={(next) => go({ ...search, tab: next === "desk" || next === "gate" ? next : undefined })}
        keepMounted={false}
      >
        <Tabs.List mb="md">
          {TABS.map((each) => (
            <Tabs.Tab key={each} value={each}>
              {t(`scorecards.tab.${each}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="dealers">
          <Dealers days={days} region={search.region} onRegion={(region) => go({ ...search, region })} />
        </Tabs.Panel>
        <Tabs.Panel value="gate">
          <AdGateTab />
        </Tabs.Panel>
        <Tabs.Panel value="desk">
          <Desk days={days} />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}

function Dealers({
  days,
  region,
  onRegion,
}: {
  days: Days;
  region: string | undefined;
  onRegion: (region: string | undefined) => void;
}) {
  const { t } = useTranslation();
  const cards = useQuery(scorecardsQuery(days, region));
  return (
    <div data-stale={cards.isPlaceholderData} className={classes.stale}>
      <Answer query={cards} skeleton={<Skeleton height={420} radius="lg" />}>
        {(answer) =>
          answer.all.leads === 0 && !region ? (
            <Card>
              <Empty icon={IconTrophy} title={t("scorecards.none.title")} hint={t("scorecards.none.hint")} />
            </Card>
          ) : (
            <ScorecardTable cards={answer} region={region} onRegion={onRegion} />
          )
        }
      </Answer>
    </div>
  );
}

function Desk({ days }: { days: Days }) {
  const { t } = useTranslation();
  const report = useQuery(deskQuery(days));
  return (
    <div data-stale={report.isPlaceholderData} className={classes.stale}>
      <Answer query={report} skeleton={<Skeleton height={520} radius="lg" />}>
        {(answer) =>
          answer.flow.length === 0 ? (
            <Card>
              <Empty icon={IconTrophy} title={t("scorecards.none.title")} hint={t("scorecards.none.hint")} />
            </Card>
          ) : (
            <DeskReport report={answer} days={days} />
          )
        }
      </Answer>
    </div>
  );
}
