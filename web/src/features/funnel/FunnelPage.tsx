import { Skeleton } from "@mantine/core";
import { IconFilterPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Catalogue, FunnelReport, FunnelSpec } from "../../api/types";
import { useReportHint } from "../../report/useReportHint";
import { useSettled } from "../../report/useSettled";
import { useFormat } from "../../ui/FormatContext";
import { Card, Page } from "../../ui/Page";
import { daysOf, periodOf, periodSearch } from "../../ui/period";
import { PeriodPicker } from "../../ui/PeriodPicker";
import { Answer, Empty, RowsSkeleton } from "../../ui/states";
import { Builder } from "./Builder";
import classes from "./Funnel.module.css";
import { FunnelChart } from "./FunnelChart";
import { GroupTable, StepTable } from "./FunnelTables";
import { PeopleDrawer } from "./PeopleDrawer";
import { catalogueQuery, funnelQuery, type Crowd } from "./queries";
import { DEFAULT_DAYS, DEFAULT_WINDOW, DIMENSIONS, firstSteps, reportSpec, type FunnelSearch } from "./spec";

const route = getRouteApi("/shell/funnel");

export function FunnelPage() {
  const { t } = useTranslation();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const catalogue = useQuery(catalogueQuery);
  const period = periodOf(search, DEFAULT_DAYS);

  return (
    <Page
      title={t("funnel.title")}
      subtitle={t("funnel.subtitle")}
      actions={
        <PeriodPicker
          value={period}
          onChange={(next) =>
            void navigate({
              search: {
                steps: search.steps,
                window: search.window,
                by: search.by,
                segment: search.segment,
                ...periodSearch(next, DEFAULT_DAYS),
              },
            })
          }
        />
      }
    >
      <Answer query={catalogue} skeleton={<FunnelSkeleton />}>
        {(known) =>
          known.events.length === 0 ? (
            <Card>
              <Empty icon={IconFilterPlus} title={t("funnel.empty.title")} hint={t("funnel.empty.hint")} />
            </Card>
          ) : (
            <Workbench
              search={search}
              catalogue={known}
              onSearch={(next) => void navigate({ search: next, replace: true })}
            />
          )
        }
      </Answer>
    </Page>
  );
}

/** The builder beside what it builds; the report follows the builder by itself. */
function Workbench({
  search,
  catalogue,
  onSearch,
}: {
  search: FunnelSearch;
  catalogue: Catalogue;
  onSearch: (search: FunnelSearch) => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const steps = useMemo(() => search.steps ?? firstSteps(catalogue.events), [search.steps, catalogue.events]);
  const days = daysOf(periodOf(search, DEFAULT_DAYS), format.dayOf(new Date()));
  const spec = useSettled(
    reportSpec({
      steps,
      window: search.window ?? DEFAULT_WINDOW,
      by: search.by,
      segment: search.segment,
      days,
      zone: format.zone,
    }),
  );
  const report = useQuery(funnelQuery(spec));

  return (
    <div className={classes.bench}>
      <Builder search={search} steps={steps} catalogue={catalogue} onSearch={onSearch} />
      <div className={classes.result} data-stale={report.isPlaceholderData || report.isFetching}>
        {spec === null ? (
          <Card>
            <Empty icon={IconFilterPlus} title={t("funnel.unfinished.title")} hint={t("funnel.unfinished.hint")} />
          </Card>
        ) : (
          <Answer query={report} skeleton={<ReportSkeleton />}>
            {(answer) => <Report report={answer} spec={spec} />}
          </Answer>
        )}
      </div>
    </div>
  );
}

function Report({ report, spec }: { report: FunnelReport; spec: FunnelSpec }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [crowd, setCrowd] = useState<Crowd | null>(null);
  const dimension = DIMENSIONS.find((known) => known === spec.by?.[0]);
  const grouped = dimension && 0 < report.groups.length;
  const hint = useReportHint(report);
  return (
    <>
      <Card title={t("funnel.chart")} hint={hint}>
        <FunnelChart report={report} dimension={grouped ? dimension : undefined} onCrowd={setCrowd} />
      </Card>
      <Card title={t("funnel.table")} hint={t("funnel.click_hint")} flush>
        {report.steps[0]?.profiles === 0 && (
          <Empty icon={IconFilterPlus} title={t("funnel.nobody.title")} hint={t("funnel.nobody.hint")} />
        )}
        <StepTable steps={report.steps} onCrowd={setCrowd} />
      </Card>
      {grouped && (
        <Card
          title={t("funnel.by_group", { dimension: t(`dimension.${dimension}`) })}
          hint={
            0 < report.groups_omitted &&
            t("funnel.omitted", { count: report.groups_omitted, groups: format.integer(report.groups_omitted) })
          }
          flush
        >
          <GroupTable groups={report.groups} steps={report.steps} dimension={dimension} onCrowd={setCrowd} />
        </Card>
      )}
      <PeopleDrawer spec={spec} crowd={crowd} onClose={() => setCrowd(null)} />
    </>
  );
}

function FunnelSkeleton() {
  return (
    <div className={classes.bench}>
      <Skeleton height={420} radius="lg" />
      <ReportSkeleton />
    </div>
  );
}

function ReportSkeleton() {
  return (
    <div className={classes.result}>
      <Skeleton height={380} radius="lg" />
      <Card>
        <RowsSkeleton rows={4} />
      </Card>
    </div>
  );
}
