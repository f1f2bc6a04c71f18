import { Button, Group, SegmentedControl, Skeleton } from "@mantine/core";
import { IconDownload, IconLink, IconTablePlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import type { PivotReport, PivotSpec } from "../../api/types";
import { useReportHint } from "../../report/useReportHint";
import { useSettled } from "../../report/useSettled";
import { saveCsv } from "../../ui/csv";
import { useFormat } from "../../ui/FormatContext";
import { Card, Page } from "../../ui/Page";
import { daysOf, periodOf, periodSearch } from "../../ui/period";
import { PeriodPicker } from "../../ui/PeriodPicker";
import { Answer, Empty, RowsSkeleton } from "../../ui/states";
import { toastDone } from "../../ui/toast";
import { Builder } from "./Builder";
import { Costs } from "./Costs";
import { csvOf } from "./csv";
import { PeopleDrawer } from "./PeopleDrawer";
import classes from "./Pivot.module.css";
import { PivotCharts } from "./PivotCharts";
import { PivotTable } from "./PivotTable";
import { catalogueQuery, conversionsQuery, pivotQuery, type Crowd } from "./queries";
import { DEFAULT_DAYS, reportSpec, type PivotSearch, type View } from "./spec";
import { Warnings } from "./Warnings";

const route = getRouteApi("/shell/pivot");

/** From advertising spend to sales. */
export function PivotPage() {
  const { t } = useTranslation();
  const { role } = useMe();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const period = periodOf(search, DEFAULT_DAYS);
  const go = (next: PivotSearch) => void navigate({ search: next, replace: true });
  const { days: _days, from: _from, to: _to, ...rest } = search;
  // What advertising cost is not for one dealer.
  const tabs = may(role, "see_reports");
  return (
    <Page
      title={t("pivot.title")}
      subtitle={t("pivot.subtitle")}
      actions={
        <Group gap="xs">
          {tabs && (
            <SegmentedControl
              size="xs"
              aria-label={t("pivot.tabs")}
              data={[
                { value: "report", label: t("pivot.tab.report") },
                { value: "costs", label: t("pivot.tab.costs") },
              ]}
              value={search.tab ?? "report"}
              onChange={(tab) => {
                const { tab: _tab, ...others } = search;
                go({ ...others, ...(tab === "costs" && { tab: "costs" as const }) });
              }}
            />
          )}
          <PeriodPicker value={period} onChange={(next) => go({ ...rest, ...periodSearch(next, DEFAULT_DAYS) })} />
        </Group>
      }
    >
      {tabs && search.tab === "costs" ? <Costs period={period} /> : <Workbench search={search} onSearch={go} />}
    </Page>
  );
}

/** The builder above what it builds; the report follows by itself. */
function Workbench({ search, onSearch }: { search: PivotSearch; onSearch: (search: PivotSearch) => void }) {
  const format = useFormat();
  const catalogue = useQuery(catalogueQuery);
  const conversions = useQuery(conversionsQuery);
  const days = daysOf(periodOf(search, DEFAULT_DAYS), format.dayOf(new Date()));
  const spec = useSettled(reportSpec(search, days, format.zone));
  const report = useQuery(pivotQuery(spec));
  return (
    <div className={classes.bench}>
      <Builder
        search={search}
        catalogue={catalogue.data}
        conversions={conversions.data?.conversions ?? []}
        onSearch={onSearch}
      />
      <div className={classes.result} data-stale={report.isPlaceholderData}>
        <Answer query={report} skeleton={<ReportSkeleton />}>
          {(answer) => <Report report={answer} spec={spec} search={search} onSearch={onSearch} />}
        </Answer>
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
  report: PivotReport;
  spec: PivotSpec;
  search: PivotSearch;
  onSearch: (search: PivotSearch) => void;
}) {
  const { t } = useTranslation();
  const [crowd, setCrowd] = useState<Crowd | null>(null);
  const view = search.view ?? "table";
  const hint = useReportHint(report);
  const isEmpty = report.lines.length === 0 && report.total.total.every((value) => !value);
  return (
    <>
      <Warnings report={report} />
      <Card
        title={t("pivot.report")}
        hint={hint}
        actions={
          <Group gap="xs">
            <ViewPicker
              view={view}
              onView={(next) => {
                const { view: _view, ...others } = search;
                onSearch({ ...others, ...(next !== "table" && { view: next }) });
              }}
            />
            <Tools report={report} />
          </Group>
        }
        flush={view === "table"}
      >
        {isEmpty ? (
          <Empty icon={IconTablePlus} title={t("pivot.empty.title")} hint={t("pivot.empty.hint")} />
        ) : view === "table" ? (
          <PivotTable
            report={report}
            sort={search.sort}
            onSort={(sort) => {
              const { sort: _sort, ...others } = search;
              onSearch({ ...others, ...(sort && { sort }) });
            }}
            onCrowd={setCrowd}
          />
        ) : (
          <PivotCharts report={report} view={view} onCrowd={setCrowd} />
        )}
      </Card>
      <PeopleDrawer spec={spec} report={report} crowd={crowd} onClose={() => setCrowd(null)} />
    </>
  );
}

function ViewPicker({ view, onView }: { view: View; onView: (view: View) => void }) {
  const { t } = useTranslation();
  const views: { value: View; label: string }[] = [
    { value: "table", label: t("pivot.view.table") },
    { value: "bars", label: t("pivot.view.bars") },
    { value: "funnel", label: t("pivot.view.funnel") },
  ];
  return (
    <SegmentedControl
      size="xs"
      aria-label={t("pivot.view.label")}
      data={views}
      value={view}
      onChange={(next) => onView(next === "bars" || next === "funnel" ? next : "table")}
    />
  );
}

function Tools({ report }: { report: PivotReport }) {
  const { t } = useTranslation();
  const copyLink = async () => {
    await navigator.clipboard.writeText(window.location.href);
    toastDone(t("pivot.link_copied"));
  };
  const download = () =>
    saveCsv("pivot.csv", csvOf(report, { all: t("pivot.all_marked"), none: t("pivot.none_marked") }));
  return (
    <Group gap={6}>
      <Button
        size="xs"
        variant="default"
        leftSection={<IconLink size={14} aria-hidden />}
        onClick={() => void copyLink()}
      >
        {t("pivot.copy_link")}
      </Button>
      <Button size="xs" variant="default" leftSection={<IconDownload size={14} aria-hidden />} onClick={download}>
        {t("pivot.export")}
      </Button>
    </Group>
  );
}

function ReportSkeleton() {
  return (
    <Card>
      <Skeleton height={24} width={180} mb="md" />
      <RowsSkeleton rows={9} />
    </Card>
  );
}
