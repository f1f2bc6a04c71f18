import { Group, Skeleton, Stack, Table, Text } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconChartBar } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useMemo, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import type { IdentityReport } from "../../api/types";
import { Chart, type ChartOption } from "../../ui/Chart";
import { tooltipContent, tooltipStyle } from "../../ui/chartTooltip";
import type { Format } from "../../ui/format";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { usePalette, type Palette } from "../../ui/palette";
import { daysOf, periodOf, periodSearch } from "../../ui/period";
import { PeriodPicker } from "../../ui/PeriodPicker";
import { Answer, Empty } from "../../ui/states";
import classes from "./Identity.module.css";
import { reportQuery } from "./queries";
import { counted, type Counted, type Row } from "./report";
import { REPORT_DAYS } from "./search";

const route = getRouteApi("/shell/identity/");

/** How well people are known, and what of them was joined and was not, day by day. */
export function ReportPage() {
  const format = useFormat();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const period = periodOf(search, REPORT_DAYS);
  const report = useQuery(reportQuery(daysOf(period, format.dayOf(new Date()))));
  return (
    <Stack gap="md">
      <Group justify="flex-end">
        <PeriodPicker
          value={period}
          onChange={(period) => void navigate({ search: periodSearch(period, REPORT_DAYS), replace: true })}
        />
      </Group>
      <Answer query={report} skeleton={<ReportSkeleton />}>
        {(report) => (
          <Stack gap="md">
            <Known report={report} />
            <Happened report={report} />
          </Stack>
        )}
      </Answer>
    </Stack>
  );
}

function Known({ report }: { report: IdentityReport }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { role } = useMe();
  const ofProfiles = (count: number) =>
    t("identity.of_profiles", { part: format.integer(count), profiles: format.integer(report.profiles) });
  const share = (part: number, whole: number) => (whole === 0 ? t("ui.none") : format.percent(part / whole));
  return (
    <div className={classes.figures}>
      <Figure
        name={t("identity.with_email")}
        value={share(report.with_email, report.profiles)}
        detail={ofProfiles(report.with_email)}
      />
      <Figure
        name={t("identity.with_phone")}
        value={share(report.with_phone, report.profiles)}
        detail={ofProfiles(report.with_phone)}
      />
      <Figure
        name={t("identity.with_user_id")}
        value={share(report.with_user_id, report.profiles)}
        detail={ofProfiles(report.with_user_id)}
      />
      <Figure
        name={t("identity.buyers")}
        value={share(report.orders_of_known, report.orders)}
        detail={t("identity.of_orders", {
          part: format.integer(report.orders_of_known),
          orders: format.integer(report.orders),
        })}
      />
      <Figure
        name={t("identity.shared")}
        value={format.integer(report.shared_contacts)}
        detail={t("identity.shared_hint")}
      />
      <Figure
        name={t("identity.in_review")}
        value={format.integer(report.in_review)}
        detail={
          may(role, "edit_profiles") ? (
            <Link to="/identity/review">{t("identity.to_review")}</Link>
          ) : (
            t("identity.pairs")
          )
        }
      />
    </div>
  );
}

function Figure({ name, value, detail }: { name: string; value: string; detail: ReactNode }) {
  return (
    <div className={classes.figure}>
      <div className={classes.figureName}>{name}</div>
      <div className={classes.figureValue}>{value}</div>
      <div className={classes.figureDetail}>{detail}</div>
    </div>
  );
}

function Happened({ report }: { report: IdentityReport }) {
  const { t } = useTranslation();
  const what = useMemo(() => counted(report.days, report.from, report.to), [report]);
  const refused = [...what.refused, ...(0 < what.parted.total ? [what.parted] : [])];
  const nameOfRefused = (name: string) => (name === "parted" ? t("identity.parted") : label("why", name));
  return (
    <>
      <div className={classes.charts}>
        <Daily
          title={t("identity.joined")}
          hint={t("identity.joined_hint")}
          empty={t("identity.joined_none")}
          what={what}
          rows={what.joined}
          nameOf={(name) => label("rule", name)}
        />
        <Daily
          title={t("identity.refused")}
          hint={t("identity.refused_hint")}
          empty={t("identity.refused_none")}
          what={what}
          rows={refused}
          nameOf={nameOfRefused}
        />
      </div>
      {0 < what.namesNobody.length && (
        <Card title={t("identity.nobody")} hint={t("identity.nobody_hint")}>
          <Totals
            rows={what.namesNobody}
            nameOf={(kind) => (kind ? label("identifier", kind) : t("identity.other_kinds"))}
          />
        </Card>
      )}
    </>
  );
}

/** A chart by day, and the totals of its rows in a table. */
function Daily({
  title,
  hint,
  empty,
  what,
  rows,
  nameOf,
}: {
  title: string;
  hint: string;
  empty: string;
  what: Counted;
  rows: Row[];
  nameOf: (name: string) => string;
}) {
  const format = useFormat();
  const palette = usePalette();
  const narrow = useMediaQuery("(max-width: 48em)");
  const option = dailyOption({ days: what.days, rows, nameOf, format, palette });
  return (
    <Card title={title} hint={hint}>
      {rows.length === 0 ? (
        <Empty icon={IconChartBar} title={empty} />
      ) : (
        <>
          <Chart option={option} height={narrow ? 200 : 240} label={title} />
          <Totals rows={rows} nameOf={nameOf} colors={palette.series} />
        </>
      )}
    </Card>
  );
}

/** The rows in words; with `colors` it is the chart's legend too. */
function Totals({ rows, nameOf, colors }: { rows: Row[]; nameOf: (name: string) => string; colors?: string[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const all = rows.reduce((sum, { total }) => sum + total, 0);
  return (
    <Table verticalSpacing={5} horizontalSpacing={6} fz="sm" mt="sm">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("identity.what")}</Table.Th>
          <Table.Th className="num">{t("identity.times")}</Table.Th>
          <Table.Th className="num">{t("identity.part")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map(({ name, total }, at) => (
          <Table.Tr key={name}>
            <Table.Td>
              {colors && <i className={classes.dot} style={{ background: colors[at % colors.length] }} aria-hidden />}
              {capital(nameOf(name))}
            </Table.Td>
            <Table.Td className="num">{format.integer(total)}</Table.Td>
            <Table.Td className="num">{format.share(total / all)}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
      {1 < rows.length && (
        <Table.Tfoot>
          <Table.Tr>
            <Table.Th>
              <Text span size="sm" fw={600}>
                {t("identity.all")}
              </Text>
            </Table.Th>
            <Table.Th className="num">{format.integer(all)}</Table.Th>
            <Table.Th className="num">{format.share(1)}</Table.Th>
          </Table.Tr>
        </Table.Tfoot>
      )}
    </Table>
  );
}

/** Words that stand within sentences elsewhere begin a line here. */
const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

function dailyOption({
  days,
  rows,
  nameOf,
  format,
  palette,
}: {
  days: string[];
  rows: Row[];
  nameOf: (name: string) => string;
  format: Format;
  palette: Palette;
}): ChartOption {
  const color = (at: number) => palette.series[at % palette.series.length] ?? palette.accent;
  return {
    animationDuration: 350,
    grid: { left: 4, right: 8, top: 12, bottom: 0, outerBoundsMode: "same" },
    xAxis: {
      type: "category",
      data: days,
      axisLine: { lineStyle: { color: palette.line } },
      axisTick: { show: false },
      axisLabel: {
        color: palette.dim,
        fontFamily: palette.font,
        formatter: (day: string) => format.day(day),
        hideOverlap: true,
      },
    },
    yAxis: {
      type: "value",
      minInterval: 1,
      axisLabel: { color: palette.dim, fontFamily: palette.font, formatter: (value: number) => format.compact(value) },
      splitLine: { lineStyle: { color: palette.line } },
    },
    tooltip: {
      trigger: "axis",
      axisPointer: { type: "shadow" },
      ...tooltipStyle(palette),
      formatter: (points) => {
        const at = Array.isArray(points) ? (points[0]?.dataIndex ?? 0) : points.dataIndex;
        const shown = rows.map((row, place) => ({ row, place })).filter(({ row }) => 0 < (row.counts[at] ?? 0));
        return tooltipContent(
          format.dayLong(days[at] ?? ""),
          shown.map(({ row, place }) => ({
            color: color(place),
            name: capital(nameOf(row.name)),
            value: format.integer(row.counts[at] ?? 0),
          })),
        );
      },
    },
    series: rows.map((row, at) => ({
      type: "bar",
      stack: "all",
      barMaxWidth: 26,
      name: capital(nameOf(row.name)),
      data: row.counts,
      itemStyle: { color: color(at) },
    })),
  };
}

function ReportSkeleton() {
  return (
    <Stack gap="md">
      <Skeleton height={112} radius="lg" />
      <div className={classes.charts}>
        <Skeleton height={420} radius="lg" />
        <Skeleton height={420} radius="lg" />
      </div>
    </Stack>
  );
}
