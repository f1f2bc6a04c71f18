import { Skeleton, UnstyledButton } from "@mantine/core";
import { IconRoute2 } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import type { TFunction } from "i18next";
import { useCallback, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Catalogue, PathsReport, PathsSpec } from "../../api/types";
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
import classes from "./Paths.module.css";
import { PathsChart } from "./PathsChart";
import { LevelTable, SequenceTable } from "./PathsTables";
import { pathsQuery, behind, type Crowd } from "./queries";
import { DEFAULT_DAYS, firstSearch, reportSpec, usualNoise, type PathsSearch } from "./spec";
import { useWords } from "./words";

const route = getRouteApi("/shell/paths");

/** What people do after an event, or did before it. */
export function PathsPage() {
  const { t } = useTranslation();
  const asked = route.useSearch();
  const navigate = route.useNavigate();
  const go = (next: PathsSearch) => void navigate({ search: next, replace: true });
  return (
    <ReportPage
      title={t("paths.title")}
      subtitle={t("paths.subtitle")}
      method={{ title: t("paths.method.title"), parts: methodOf(t) }}
      icon={IconRoute2}
      search={asked}
      days={DEFAULT_DAYS}
      onSearch={go}
    >
      {(known) => <Workbench asked={asked} catalogue={known} onSearch={go} />}
    </ReportPage>
  );
}

function methodOf(t: TFunction) {
  const parts = ["path", "step", "limits", "others", "goal", "unfinished"] as const;
  return parts.map((part) => ({
    title: t(`paths.method.${part}.title`),
    text: t(`paths.method.${part}.text`),
  }));
}

/** The builder beside what it builds; the report follows the builder by itself. */
function Workbench({
  asked,
  catalogue,
  onSearch,
}: {
  asked: PathsSearch;
  catalogue: Catalogue;
  onSearch: (search: PathsSearch) => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  // An address without an event is that of the first example, in the time that it names.
  const search = useMemo(
    () => (asked.anchor ? asked : { ...firstSearch(catalogue.events), ...asked }),
    [asked, catalogue.events],
  );
  const anchor = search.anchor ?? { event: "" };
  const without = useMemo(() => search.without ?? usualNoise(catalogue.events), [search.without, catalogue.events]);
  const days = daysOf(periodOf(asked, DEFAULT_DAYS), format.dayOf(new Date()));
  const spec = useSettled(reportSpec(anchor, without, search, days, format.zone));
  const report = useQuery(pathsQuery(spec));
  return (
    <div className={bench.bench}>
      <Builder search={search} anchor={anchor} without={without} catalogue={catalogue} onSearch={onSearch} />
      <div className={bench.result} data-stale={report.isPlaceholderData || report.isFetching}>
        {spec === null ? (
          <Card>
            <Empty icon={IconRoute2} title={t("report.unfinished.title")} hint={t("report.unfinished.hint")} />
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

function Report({ report, spec }: { report: PathsReport; spec: PathsSpec }) {
  const { t } = useTranslation();
  const [crowd, setCrowd] = useState<Crowd | null>(null);
  const close = useCallback(() => setCrowd(null), []);
  const { crowdName } = useWords(spec);
  const hint = useReportHint(report);
  if (report.people === 0) {
    return (
      <Card>
        <Empty icon={IconRoute2} title={t("paths.nobody.title")} hint={t("paths.nobody.hint")} />
      </Card>
    );
  }
  return (
    <>
      <Card title={t("paths.chart")} hint={hint}>
        <Figures report={report} onCrowd={setCrowd} />
        {report.links.length === 0 ? (
          <Empty icon={IconRoute2} title={t("paths.alone")} />
        ) : (
          <PathsChart report={report} spec={spec} onCrowd={setCrowd} />
        )}
      </Card>
      <Card
        title={t("paths.sequences")}
        hint={t("paths.sequences_hint")}
        actions={<ExportMenu of={{ report: "paths", spec }} />}
        flush
      >
        <SequenceTable report={report} spec={spec} onCrowd={setCrowd} />
      </Card>
      <Card title={t("paths.levels")} hint={t("paths.levels_hint")} flush>
        <LevelTable report={report} spec={spec} onCrowd={setCrowd} />
      </Card>
      <PeopleDrawer crowd={crowd && { title: crowdName(crowd), behind: behind(spec, crowd) }} onClose={close} />
    </>
  );
}

/** How many people there are in all, how many of them converted, and whose paths may still go on. */
function Figures({ report, onCrowd }: { report: PathsReport; onCrowd: (crowd: Crowd) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <dl className={classes.figures}>
      <div>
        <dt>{t("paths.column.people")}</dt>
        <dd>
          <UnstyledButton className={bench.figure} onClick={() => onCrowd({ at: [], ended: false })}>
            {format.integer(report.people)}
          </UnstyledButton>
        </dd>
      </div>
      {report.converted !== null && (
        <div>
          <dt>{t("paths.converted")}</dt>
          <dd>
            <UnstyledButton className={bench.figure} onClick={() => onCrowd({ at: [], ended: false, converted: true })}>
              {format.integer(report.converted)}
            </UnstyledButton>{" "}
            {format.percent(report.converted / report.people)}
          </dd>
        </div>
      )}
      {0 < report.unfinished && (
        <div>
          <dt>{t("paths.unfinished")}</dt>
          <dd>{format.integer(report.unfinished)}</dd>
        </div>
      )}
    </dl>
  );
}

function ReportSkeleton() {
  return (
    <div className={bench.result}>
      <Skeleton height={360} radius="lg" />
      <Card>
        <RowsSkeleton rows={8} />
      </Card>
    </div>
  );
}
