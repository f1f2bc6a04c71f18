import { SegmentedControl, Skeleton } from "@mantine/core";
import { IconClock, IconFilterPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import type { TFunction } from "i18next";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Catalogue, FunnelReport, FunnelSpec } from "../../api/types";
import { ExportMenu } from "../../report/ExportMenu";
import { ReportPage } from "../../report/ReportPage";
import bench from "../../report/Report.module.css";
import { useReportHint } from "../../report/useReportHint";
import { useSettled } from "../../report/useSettled";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { daysOf, periodOf } from "../../ui/period";
import { Answer, Empty, RowsSkeleton } from "../../ui/states";
import { Builder } from "./Builder";
import { useComparedName } from "./compared";
import { FunnelChart } from "./FunnelChart";
import { GroupTable, StepTable } from "./FunnelTables";
import { PeopleDrawer } from "./PeopleDrawer";
import { funnelQuery, type Crowd } from "./queries";
import { DEFAULT_DAYS, DEFAULT_GRAIN, DIMENSIONS, firstSteps, GRAINS, reportSpec, type FunnelSearch } from "./spec";
import { TimeChart } from "./TimeChart";
import { TrendChart } from "./TrendChart";

const route = getRouteApi("/shell/funnel");

/** How many people get from one step to the next, how fast, and whether that changes. */
export function FunnelPage() {
  const { t } = useTranslation();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const go = (next: FunnelSearch) => void navigate({ search: next, replace: true });
  return (
    <ReportPage
      title={t("funnel.title")}
      subtitle={t("funnel.subtitle")}
      method={{ title: t("funnel.method.title"), parts: methodOf(t) }}
      icon={IconFilterPlus}
      search={search}
      days={DEFAULT_DAYS}
      onSearch={go}
    >
      {(known) => <Workbench search={search} catalogue={known} onSearch={go} />}
    </ReportPage>
  );
}

const SOURCES: { [part: string]: string | undefined } = {
  compare: "https://doi.org/10.1002/(SICI)1097-0258(19980430)17:8%3C873::AID-SIM779%3E3.0.CO;2-I",
};

function methodOf(t: TFunction) {
  const parts = ["way", "window", "order", "exclusions", "hold", "by", "trend", "compare"] as const;
  return parts.map((part) => ({
    title: t(`funnel.method.${part}.title`),
    text: t(`funnel.method.${part}.text`),
    source: SOURCES[part],
  }));
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
  const spec = useSettled(reportSpec(steps, search, days, format.zone));
  const report = useQuery(funnelQuery(spec));

  return (
    <div className={bench.bench}>
      <Builder search={search} steps={steps} catalogue={catalogue} onSearch={onSearch} />
      <div className={bench.result} data-stale={report.isPlaceholderData || report.isFetching}>
        {spec === null ? (
          <Card>
            <Empty icon={IconFilterPlus} title={t("funnel.unfinished.title")} hint={t("funnel.unfinished.hint")} />
          </Card>
        ) : (
          <Answer query={report} skeleton={<ReportSkeleton />}>
            {(answer) => <Report report={answer} spec={spec} search={search} onSearch={onSearch} />}
          </Answer>
        )}
      </div>
    </div>
  );
}

function Report({
  report,
  spec,
  search,
  onSearch,
}: {
  report: FunnelReport;
  spec: FunnelSpec;
  search: FunnelSearch;
  onSearch: (search: FunnelSearch) => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const [crowd, setCrowd] = useState<Crowd | null>(null);
  const dimension = DIMENSIONS.find((known) => known === spec.by?.[0]);
  const grouped = dimension && 0 < report.groups.length;
  const hint = useReportHint(report);
  const comparedName = useComparedName(search.versus);
  return (
    <>
      <Card title={t("funnel.chart")} hint={hint}>
        <FunnelChart
          report={report}
          dimension={grouped ? dimension : undefined}
          comparedName={comparedName}
          onCrowd={setCrowd}
        />
      </Card>
      <Card
        title={t("funnel.table")}
        hint={t("funnel.click_hint")}
        actions={<ExportMenu of={{ report: "funnel", spec }} />}
        flush
      >
        {report.steps[0]?.profiles === 0 && (
          <Empty
            icon={IconFilterPlus}
            title={t("funnel.nobody.title")}
            hint={t(search.hold ? "funnel.nobody.held" : "funnel.nobody.hint")}
          />
        )}
        <StepTable report={report} comparedName={comparedName} onCrowd={setCrowd} />
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
      {1 < report.steps.length && 0 < report.trend.length && (
        <Card
          title={t("funnel.trend.title")}
          hint={t("funnel.trend.hint")}
          actions={
            <SegmentedControl
              size="xs"
              aria-label={t("funnel.trend.grain")}
              data={GRAINS.map((grain) => ({ value: grain, label: t(`funnel.trend.${grain}`) }))}
              value={search.trend ?? DEFAULT_GRAIN}
              onChange={(value) =>
                onSearch({
                  ...search,
                  trend: GRAINS.find((grain) => grain === value && grain !== DEFAULT_GRAIN),
                })
              }
            />
          }
        >
          <TrendChart report={report} />
        </Card>
      )}
      {1 < report.steps.length && 0 < (report.steps[0]?.profiles ?? 0) && (
        <Card title={t("funnel.time.title")} hint={t("funnel.time.hint")}>
          {report.conversion_time ? (
            <TimeChart time={report.conversion_time} />
          ) : (
            <Empty icon={IconClock} title={t("funnel.time.nobody")} />
          )}
        </Card>
      )}
      <PeopleDrawer spec={spec} crowd={crowd} onClose={() => setCrowd(null)} />
    </>
  );
}

function ReportSkeleton() {
  return (
    <div className={bench.result}>
      <Skeleton height={380} radius="lg" />
      <Card>
        <RowsSkeleton rows={4} />
      </Card>
    </div>
  );
}
