import { SegmentedControl, Skeleton, Text } from "@mantine/core";
import { IconUsersGroup } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import type { TFunction } from "i18next";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Catalogue, RetentionReport, RetentionSpec } from "../../api/types";
import { ExportMenu } from "../../report/ExportMenu";
import { readDimension } from "../../report/eventFilter";
import { ReportPage } from "../../report/ReportPage";
import bench from "../../report/Report.module.css";
import { useReportHint } from "../../report/useReportHint";
import { useSettled } from "../../report/useSettled";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { daysOf, periodOf } from "../../ui/period";
import { Answer, Empty, RowsSkeleton } from "../../ui/states";
import { Builder } from "./Builder";
import { CohortTable, GroupTable } from "./CohortTable";
import { PeopleDrawer } from "./PeopleDrawer";
import { retentionQuery, type Crowd } from "./queries";
import { RetentionChart } from "./RetentionChart";
import { COUNTS, DEFAULT_DAYS, firstEvents, reportSpec, type Count, type RetentionSearch } from "./spec";

const route = getRouteApi("/shell/retention");

/** Which part of those who began comes back. */
export function RetentionPage() {
  const { t } = useTranslation();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const go = (next: RetentionSearch) => void navigate({ search: next, replace: true });
  return (
    <ReportPage
      title={t("retention.title")}
      subtitle={t("retention.subtitle")}
      method={{ title: t("retention.method.title"), parts: methodOf(t) }}
      icon={IconUsersGroup}
      search={search}
      days={DEFAULT_DAYS}
      onSearch={go}
    >
      {(known) => <Workbench search={search} catalogue={known} onSearch={go} />}
    </ReportPage>
  );
}

function methodOf(t: TFunction) {
  const parts = ["cohort", "back", "unfinished", "together", "clickhouse"] as const;
  return parts.map((part) => ({
    title: t(`retention.method.${part}.title`),
    text: t(`retention.method.${part}.text`),
  }));
}

/** The builder beside what it builds; the report follows the builder by itself. */
function Workbench({
  search,
  catalogue,
  onSearch,
}: {
  search: RetentionSearch;
  catalogue: Catalogue;
  onSearch: (search: RetentionSearch) => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const events = useMemo(() => {
    const first = firstEvents(catalogue.events);
    return { cohort: search.cohort ?? first.cohort, back: search.back ?? first.back };
  }, [search.cohort, search.back, catalogue.events]);
  const days = daysOf(periodOf(search, DEFAULT_DAYS), format.dayOf(new Date()));
  const spec = useSettled(reportSpec(events, search, days, format.zone));
  const report = useQuery(retentionQuery(spec));
  return (
    <div className={bench.bench}>
      <Builder search={search} events={events} catalogue={catalogue} onSearch={onSearch} />
      <div className={bench.result} data-stale={report.isPlaceholderData || report.isFetching}>
        {spec === null ? (
          <Card>
            <Empty icon={IconUsersGroup} title={t("report.unfinished.title")} hint={t("report.unfinished.hint")} />
          </Card>
        ) : (
          <Answer query={report} skeleton={<ReportSkeleton />}>
            {(answer) => (
              <Report
                report={answer}
                spec={spec}
                count={search.count ?? "on"}
                onCount={(count) => onSearch({ ...search, count })}
              />
            )}
          </Answer>
        )}
      </div>
    </div>
  );
}

function Report({
  report,
  spec,
  count,
  onCount,
}: {
  report: RetentionReport;
  spec: RetentionSpec;
  count: Count;
  onCount: (count: Count) => void;
}) {
  const { t } = useTranslation();
  const [crowd, setCrowd] = useState<Crowd | null>(null);
  const dimension = readDimension(spec.by?.[0]);
  const grain = spec.grain ?? "week";
  const hint = useReportHint(report);
  if (report.people === 0) {
    return (
      <Card>
        <Empty icon={IconUsersGroup} title={t("retention.nobody.title")} hint={t("retention.nobody.hint")} />
      </Card>
    );
  }
  return (
    <>
      <Card
        title={t("retention.chart")}
        hint={hint}
        actions={
          <SegmentedControl
            size="xs"
            aria-label={t("retention.count.label")}
            data={COUNTS.map((value) => ({ value, label: t(`retention.count.${value}`) }))}
            value={count}
            onChange={(value) => onCount(value === "after" ? "after" : "on")}
          />
        }
      >
        {count === "on" ? (
          <RetentionChart report={report} dimension={dimension} grain={grain} />
        ) : (
          <Text size="sm">{t("retention.after_grows")}</Text>
        )}
      </Card>
      {count === "on" && dimension && 0 < report.groups.length && (
        <Card title={t("retention.by_group", { dimension: t(`dimension.${dimension}`) })} flush>
          <GroupTable report={report} dimension={dimension} />
        </Card>
      )}
      <Card
        title={t("retention.table")}
        hint={t("retention.table_hint")}
        actions={<ExportMenu of={{ report: "retention", spec }} />}
        flush
      >
        <CohortTable report={report} count={count} grain={grain} onCrowd={setCrowd} />
      </Card>
      <PeopleDrawer spec={spec} crowd={crowd} onClose={() => setCrowd(null)} />
    </>
  );
}

function ReportSkeleton() {
  return (
    <div className={bench.result}>
      <Skeleton height={300} radius="lg" />
      <Card>
        <RowsSkeleton rows={8} />
      </Card>
    </div>
  );
}
