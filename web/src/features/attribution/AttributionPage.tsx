import { Alert, MultiSelect, Select, Skeleton } from "@mantine/core";
import { IconTargetArrow } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import type { TFunction } from "i18next";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { AttributionReport, AttributionSpec, Catalogue } from "../../api/types";
import { ReportPage } from "../../report/ReportPage";
import bench from "../../report/Report.module.css";
import { useReportHint } from "../../report/useReportHint";
import { useSettled } from "../../report/useSettled";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { daysOf, periodOf } from "../../ui/period";
import { Answer, Empty, RowsSkeleton } from "../../ui/states";
import { AttributionChart } from "./AttributionChart";
import { Builder } from "./Builder";
import { CreditTable } from "./CreditTable";
import { PeopleDrawer } from "./PeopleDrawer";
import { attributionQuery, type Key } from "./queries";
import { DEFAULT_DAYS, DRAWN, FIGURES, MODELS, reportSpec, type AttributionSearch } from "./spec";

const route = getRouteApi("/shell/attribution");

/** Which touches sales are owed to. */
export function AttributionPage() {
  const { t } = useTranslation();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const go = (next: AttributionSearch) => void navigate({ search: next, replace: true });
  return (
    <ReportPage
      title={t("attribution.title")}
      subtitle={t("attribution.subtitle")}
      method={{ title: t("attribution.method.title"), parts: methodOf(t) }}
      icon={IconTargetArrow}
      search={search}
      days={DEFAULT_DAYS}
      onSearch={go}
    >
      {(known) => <Workbench search={search} catalogue={known} onSearch={go} />}
    </ReportPage>
  );
}

const SOURCES: { [part: string]: string | undefined } = {
  shapley: "https://arxiv.org/abs/1804.05327",
  markov: "https://doi.org/10.1016/j.ijresmar.2016.03.001",
};

function methodOf(t: TFunction) {
  const parts = ["path", "simple", "shapley", "markov", "sums", "intervals", "costs"] as const;
  return parts.map((part) => ({
    title: t(`attribution.method.${part}.title`),
    text: t(`attribution.method.${part}.text`),
    source: SOURCES[part],
  }));
}

/** The builder beside what it builds; the report follows the builder by itself. */
function Workbench({
  search,
  catalogue,
  onSearch,
}: {
  search: AttributionSearch;
  catalogue: Catalogue;
  onSearch: (search: AttributionSearch) => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const days = daysOf(periodOf(search, DEFAULT_DAYS), format.dayOf(new Date()));
  const spec = useSettled(reportSpec(search, days, format.zone));
  const report = useQuery(attributionQuery(spec));
  return (
    <div className={bench.bench}>
      <Builder search={search} catalogue={catalogue} onSearch={onSearch} />
      <div className={bench.result} data-stale={report.isPlaceholderData || report.isFetching}>
        {spec === null ? (
          <Card>
            <Empty icon={IconTargetArrow} title={t("report.unfinished.title")} hint={t("report.unfinished.hint")} />
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
  report: AttributionReport;
  spec: AttributionSpec;
  search: AttributionSearch;
  onSearch: (search: AttributionSearch) => void;
}) {
  const { t } = useTranslation();
  const [row, setRow] = useState<Key | null>(null);
  const { figure = "conversions", models = DRAWN } = search;
  const missing = report.warnings.flatMap((warning) => (warning.kind === "missing_rate" ? [warning.currency] : []));
  const hint = useReportHint(report);
  if (report.total.conversions === 0) {
    return (
      <Card>
        <Empty icon={IconTargetArrow} title={t("attribution.nobody.title")} hint={t("attribution.nobody.hint")} />
      </Card>
    );
  }
  return (
    <>
      {0 < missing.length && (
        <Alert color="orange">{t("attribution.missing_rate", { currencies: missing.join(", ") })}</Alert>
      )}
      <Card
        title={t("attribution.chart")}
        hint={hint}
        actions={
          <MultiSelect
            size="xs"
            w={300}
            maxValues={4}
            aria-label={t("attribution.drawn")}
            data={MODELS.map((model) => ({ value: model, label: t(`attribution.model.${model}`) }))}
            value={models}
            onChange={(values) => onSearch({ ...search, models: MODELS.filter((known) => values.includes(known)) })}
          />
        }
      >
        <AttributionChart report={report} figure={figure} models={models} />
      </Card>
      <Card
        title={t("attribution.table")}
        hint={t("attribution.table_hint")}
        actions={
          <Select
            size="xs"
            w={190}
            allowDeselect={false}
            aria-label={t("attribution.figure.label")}
            data={FIGURES.map((value) => ({ value, label: t(`attribution.figure.${value}`) }))}
            value={figure}
            onChange={(value) => onSearch({ ...search, figure: FIGURES.find((known) => known === value) })}
          />
        }
        flush
      >
        <CreditTable report={report} figure={figure} onRow={setRow} />
      </Card>
      <PeopleDrawer spec={spec} row={row} onClose={() => setRow(null)} />
    </>
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
