import { Code, Skeleton } from "@mantine/core";
import { IconFlask } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import type { TFunction } from "i18next";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Catalogue, ExperimentReport, ExperimentSpec, FoundExperiment } from "../../api/types";
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
import { Builder } from "./Builder";
import { behind, experimentQuery, experimentsQuery, type Crowd } from "./queries";
import { chosenExperiment, DEFAULT_DAYS, firstGoal, reportSpec, type ExperimentSearch } from "./spec";
import { UpliftChart } from "./UpliftChart";
import { VariantTable } from "./VariantTable";
import { Verdict } from "./Verdict";

const route = getRouteApi("/shell/experiments");

/** Which of an experiment's variants people answer better, and how sure that is. */
export function ExperimentsPage() {
  const { t } = useTranslation();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const go = (next: ExperimentSearch) => void navigate({ search: next, replace: true });
  const experiments = useQuery(experimentsQuery);
  return (
    <ReportPage
      title={t("experiments.title")}
      subtitle={t("experiments.subtitle")}
      method={{ title: t("experiments.method.title"), parts: methodOf(t) }}
      icon={IconFlask}
      search={search}
      days={DEFAULT_DAYS}
      onSearch={go}
    >
      {(catalogue) => (
        <Answer query={experiments} skeleton={<ReportSkeleton />}>
          {(found) => {
            const experiment = chosenExperiment(found, search);
            return experiment ? (
              <Workbench
                search={search}
                experiments={found}
                experiment={experiment}
                catalogue={catalogue}
                onSearch={go}
              />
            ) : (
              <NoExperiment name={search.experiment} />
            );
          }}
        </Answer>
      )}
    </ReportPage>
  );
}

const SOURCES = {
  sequence: "https://arxiv.org/abs/2103.06476",
  planned: undefined,
  shares: "https://arxiv.org/abs/2011.03567",
  people: undefined,
  variants: undefined,
} as const;

function methodOf(t: TFunction) {
  const parts = ["sequence", "planned", "shares", "people", "variants"] as const;
  return parts.map((part) => ({
    title: t(`experiments.method.${part}.title`),
    text: t(`experiments.method.${part}.text`),
    source: SOURCES[part],
  }));
}

const SNIPPET = `analytics.track("experiment_viewed", {
  experiment: "Model page",
  variant: "brochure on top",
})`;

function NoExperiment({ name }: { name: string | undefined }) {
  const { t } = useTranslation();
  return (
    <Card>
      <Empty
        icon={IconFlask}
        title={name ? t("experiments.gone", { name }) : t("experiments.none.title")}
        hint={t("experiments.none.hint")}
        action={
          <Code block ta="left">
            {SNIPPET}
          </Code>
        }
      />
    </Card>
  );
}

/** The builder beside what it builds; the report follows the builder by itself. */
function Workbench({
  search,
  experiments,
  experiment,
  catalogue,
  onSearch,
}: {
  search: ExperimentSearch;
  experiments: FoundExperiment[];
  experiment: FoundExperiment;
  catalogue: Catalogue;
  onSearch: (search: ExperimentSearch) => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const goal = search.goal ?? firstGoal(catalogue.events);
  const days = daysOf(periodOf(search, DEFAULT_DAYS), format.dayOf(new Date()));
  const spec = useSettled(reportSpec(experiment, goal, search, days, format.zone));
  const report = useQuery(experimentQuery(spec));
  return (
    <div className={bench.bench}>
      <Builder
        search={search}
        experiments={experiments}
        experiment={experiment}
        goal={goal}
        rate={report.data && rateOf(report.data)}
        catalogue={catalogue}
        onSearch={onSearch}
      />
      <div className={bench.result} data-stale={report.isPlaceholderData || report.isFetching}>
        {spec === null ? (
          <Card>
            <Empty icon={IconFlask} title={t("report.unfinished.title")} hint={t("report.unfinished.hint")} />
          </Card>
        ) : (
          <Answer query={report} skeleton={<ReportSkeleton />}>
            {(answer) => <Report report={answer} spec={spec} search={search} />}
          </Answer>
        )}
      </div>
    </div>
  );
}

/** What a plan for the same goal begins with. */
function rateOf({ variants, people, days }: ExperimentReport) {
  const [control] = variants;
  return (
    control && { mean: control.mean, deviation: control.deviation, people_a_day: people / Math.max(1, days.length) }
  );
}

function Report({
  report,
  spec,
  search,
}: {
  report: ExperimentReport;
  spec: ExperimentSpec;
  search: ExperimentSearch;
}) {
  const { t } = useTranslation();
  const [crowd, setCrowd] = useState<Crowd | null>(null);
  const hint = useReportHint(report);
  const measure = search.measure ?? "people";
  if (report.people === 0) {
    return (
      <Card>
        <Empty icon={IconFlask} title={t("experiments.nobody.title")} hint={t("experiments.nobody.hint")} />
      </Card>
    );
  }
  const title = (of: Crowd) =>
    of.variant === null
      ? t("experiments.behind.mixed")
      : t(`experiments.behind.${of.outcome}`, { variant: of.variant });
  const canDraw = report.days.some(({ variants }) => variants.some(({ uplift }) => uplift !== null));
  return (
    <>
      <Card title={t("experiments.result")} hint={hint}>
        <Verdict report={report} measure={measure} onCrowd={setCrowd} />
      </Card>
      <Card
        title={t("experiments.table")}
        hint={t("experiments.table_hint")}
        actions={<ExportMenu of={{ report: "experiment", spec }} />}
        flush
      >
        <VariantTable report={report} measure={measure} onCrowd={setCrowd} />
      </Card>
      {canDraw && (
        <Card title={t("experiments.chart")} hint={t("experiments.chart_hint")}>
          <UpliftChart report={report} />
        </Card>
      )}
      <PeopleDrawer
        crowd={crowd && { title: title(crowd), behind: behind(spec, crowd) }}
        onClose={() => setCrowd(null)}
      />
    </>
  );
}

function ReportSkeleton() {
  return (
    <div className={bench.result}>
      <Skeleton height={120} radius="lg" />
      <Card>
        <RowsSkeleton rows={3} />
      </Card>
      <Skeleton height={300} radius="lg" />
    </div>
  );
}
