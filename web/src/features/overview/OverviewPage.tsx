import { SimpleGrid, Skeleton, Stack } from "@mantine/core";
import { IconPlugConnected } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { Overview } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import { Card, Page } from "../../ui/Page";
import { daysOf, periodOf, periodSearch } from "../../ui/period";
import { PeriodPicker } from "../../ui/PeriodPicker";
import { Answer, Empty } from "../../ui/states";
import { Channels } from "./Channels";
import { Health } from "./Health";
import { Jobs } from "./Jobs";
import classes from "./Overview.module.css";
import { overviewQuery } from "./queries";
import { DEFAULT_DAYS, DEFAULT_METRIC, type Metric } from "./search";
import { TopEvents } from "./TopEvents";
import { Totals } from "./Totals";
import { Trend } from "./Trend";

const route = getRouteApi("/shell/");

export function OverviewPage() {
  const { t } = useTranslation();
  const format = useFormat();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const period = periodOf(search, DEFAULT_DAYS);
  const days = daysOf(period, format.dayOf(new Date()));
  const overview = useQuery(overviewQuery(days));

  return (
    <Page
      title={t("overview.title")}
      subtitle={[
        `${format.dayLong(days.from)} – ${format.dayLong(days.to)}`,
        // The fold keeps daily totals in UTC days, whatever zone is set.
        format.zone === "UTC" ? null : t("overview.utc_days"),
      ]
        .filter(Boolean)
        .join(" · ")}
      actions={
        <PeriodPicker
          value={period}
          onChange={(next) => void navigate({ search: { metric: search.metric, ...periodSearch(next, DEFAULT_DAYS) } })}
        />
      }
    >
      <Answer query={overview} skeleton={<OverviewSkeleton />}>
        {(data) => (
          <Figures
            data={data}
            metric={search.metric ?? DEFAULT_METRIC}
            onMetric={(metric) => void navigate({ search: { ...search, metric }, replace: true })}
          />
        )}
      </Answer>
    </Page>
  );
}

function Figures({ data, metric, onMetric }: { data: Overview; metric: Metric; onMetric: (metric: Metric) => void }) {
  const untouched = data.totals.profiles === 0 && data.totals.events === 0 && data.jobs.length === 0;
  return (
    <Stack gap="md">
      <Jobs jobs={data.jobs} />
      {untouched && <FirstSteps />}
      <Totals overview={data} metric={metric} onMetric={onMetric} />
      <Trend overview={data} metric={metric} onMetric={onMetric} />
      <div className={classes.split}>
        <Channels channels={data.channels} currency={data.totals.currency} />
        <TopEvents events={data.events} />
      </div>
      <Health freshness={data.freshness} ingest={data.ingest} asOf={data.as_of} />
    </Stack>
  );
}

function FirstSteps() {
  const { t } = useTranslation();
  return (
    <Card>
      <Empty
        icon={IconPlugConnected}
        title={t("overview.empty.title")}
        hint={t("overview.empty.hint")}
        action={<Link to="/sources">{t("overview.empty.action")}</Link>}
      />
    </Card>
  );
}

function OverviewSkeleton() {
  return (
    <Stack gap="md">
      <SimpleGrid cols={{ base: 2, md: 5 }} spacing="md">
        {Array.from({ length: 5 }, (_, card) => (
          <Skeleton key={card} height={132} radius="lg" />
        ))}
      </SimpleGrid>
      <Skeleton height={360} radius="lg" />
      <div className={classes.split}>
        <Skeleton height={320} radius="lg" />
        <Skeleton height={320} radius="lg" />
      </div>
    </Stack>
  );
}
