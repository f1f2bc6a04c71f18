import { Select, Skeleton } from "@mantine/core";
import { IconHourglass } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import type { TFunction } from "i18next";
import { useCallback, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import type { Catalogue, FlowReport, FlowSpec } from "../../api/types";
import { readDimension, type Dimension } from "../../report/eventFilter";
import { ExportMenu } from "../../report/ExportMenu";
import { PeopleDrawer } from "../../report/PeopleDrawer";
import { ReportPage } from "../../report/ReportPage";
import bench from "../../report/Report.module.css";
import { useReportHint } from "../../report/useReportHint";
import { useSettled } from "../../report/useSettled";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { daysOf, periodOf } from "../../ui/period";
import { Answer, Empty, RowsSkeleton } from "../../ui/states";
import { AgeChart } from "./AgeChart";
import { AgeTable } from "./AgeTable";
import { Builder } from "./Builder";
import { CurveChart } from "./CurveChart";
import { GroupTable, StageTable } from "./FlowTables";
import { flowQuery, behind, type Crowd } from "./queries";
import { DEFAULT_DAYS, firstWay, reportSpec, type FlowSearch } from "./spec";
import { StageBar } from "./StageBar";
import { useWords } from "./words";

const route = getRouteApi("/shell/flow");

/** How fast people get from stage to stage, and who waits where. */
export function FlowPage() {
  const { t } = useTranslation();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const go = (next: FlowSearch) => void navigate({ search: next, replace: true });
  return (
    <ReportPage
      title={t("flow.title")}
      subtitle={t("flow.subtitle")}
      method={{ title: t("flow.method.title"), parts: methodOf(t) }}
      icon={IconHourglass}
      search={search}
      days={DEFAULT_DAYS}
      onSearch={go}
    >
      {(known) => <Workbench search={search} catalogue={known} onSearch={go} />}
    </ReportPage>
  );
}

const SOURCES: { [part: string]: string | undefined } = {
  curve: "https://doi.org/10.1080/01621459.1958.10501452",
};

function methodOf(t: TFunction) {
  const parts = ["stages", "curve", "interval", "lost", "stock", "groups"] as const;
  return parts.map((part) => ({
    title: t(`flow.method.${part}.title`),
    text: t(`flow.method.${part}.text`),
    source: SOURCES[part],
  }));
}

/** The builder beside what it builds; the report follows the builder by itself. */
function Workbench({
  search,
  catalogue,
  onSearch,
}: {
  search: FlowSearch;
  catalogue: Catalogue;
  onSearch: (search: FlowSearch) => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const way = useMemo(() => {
    const first = firstWay(catalogue.events);
    return {
      stages: search.stages ?? first.stages,
      lost: search.lost ?? first.lost,
      per: search.per ?? first.per,
    };
  }, [search.stages, search.lost, search.per, catalogue.events]);
  const days = daysOf(periodOf(search, DEFAULT_DAYS), format.dayOf(new Date()));
  const spec = useSettled(reportSpec(way, search, days, format.zone));
  const report = useQuery(flowQuery(spec));
  return (
    <div className={bench.bench}>
      <Builder search={search} way={way} catalogue={catalogue} onSearch={onSearch} />
      <div className={bench.result} data-stale={report.isPlaceholderData || report.isFetching}>
        {spec === null ? (
          <Card>
            <Empty icon={IconHourglass} title={t("report.unfinished.title")} hint={t("report.unfinished.hint")} />
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
  report: FlowReport;
  spec: FlowSpec;
  search: FlowSearch;
  onSearch: (search: FlowSearch) => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const [crowd, setCrowd] = useState<Crowd | null>(null);
  const close = useCallback(() => setCrowd(null), []);
  const hint = useReportHint(report);
  const dimensions = (spec.by ?? []).flatMap((name) => readDimension(name) ?? []);
  const titleOf = useCrowdTitle(report, dimensions);
  const stage = Math.min(search.stage ?? 1, report.stages.length - 1);
  const omitted = report.groups_omitted;
  if (report.stages.every(({ entered, stock }) => entered + stock === 0)) {
    return (
      <Card>
        <Empty icon={IconHourglass} title={t("flow.nobody.title")} hint={t("flow.nobody.hint")} />
      </Card>
    );
  }
  return (
    <>
      <Card title={t("flow.now", { time: format.dateTime(report.until) })} hint={hint}>
        <StageBar report={report} onCrowd={setCrowd} />
      </Card>
      <Card
        title={t("flow.table")}
        hint={t("flow.table_hint")}
        actions={<ExportMenu of={{ report: "flow", spec }} />}
        flush
      >
        <StageTable report={report} onCrowd={setCrowd} />
      </Card>
      <Card
        title={t("flow.curve")}
        hint={t("flow.curve_hint")}
        actions={
          <Select
            size="xs"
            w={220}
            allowDeselect={false}
            aria-label={t("flow.curve_stage")}
            data={report.stages
              .slice(0, -1)
              .map(({ event }, at) => ({ value: String(at + 1), label: label("event", event) }))}
            value={String(stage)}
            onChange={(value) => onSearch({ ...search, stage: value === "1" ? undefined : Number(value) })}
          />
        }
      >
        {(report.stages[stage - 1]?.curve.length ?? 0) === 0 ? (
          <Empty icon={IconHourglass} title={t("flow.nobody_moved")} />
        ) : (
          <CurveChart report={report} dimensions={dimensions} stage={stage} />
        )}
      </Card>
      {0 < dimensions.length && 0 < report.groups.length && (
        <Card
          title={t("flow.by_group", { stage: label("event", report.stages[stage - 1]?.event ?? "") })}
          hint={0 < omitted && t("flow.omitted", { count: omitted, groups: format.integer(omitted) })}
          flush
        >
          <GroupTable report={report} dimensions={dimensions} stage={stage} onCrowd={setCrowd} />
        </Card>
      )}
      <Card title={t("flow.ages")} hint={t("flow.ages_hint")}>
        <AgeChart report={report} onCrowd={setCrowd} />
        <AgeTable report={report} onCrowd={setCrowd} />
      </Card>
      <PeopleDrawer crowd={crowd && { title: titleOf(crowd), behind: behind(spec, crowd) }} onClose={close} />
    </>
  );
}

/** What a crowd is called, above the list of its people. */
function useCrowdTitle(report: FlowReport, dimensions: Dimension[]) {
  const { t } = useTranslation();
  const { ageName, groupName } = useWords(report.ages_s, dimensions);
  return ({ stage, outcome, age, by }: Crowd) => {
    const name = label("event", report.stages[stage - 1]?.event ?? "");
    const parts = [
      t(`flow.people.${outcome}`, { stage: name }),
      age !== undefined && ageName(age),
      by && groupName(by),
    ];
    return parts.filter(Boolean).join(" · ");
  };
}

function ReportSkeleton() {
  return (
    <div className={bench.result}>
      <Skeleton height={190} radius="lg" />
      <Card>
        <RowsSkeleton rows={8} />
      </Card>
    </div>
  );
}
