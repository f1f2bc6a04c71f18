import { Group, Skeleton, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useMemo, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import type { IdentityReport } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { daysOf, periodOf, periodSearch } from "../../ui/period";
import { PeriodPicker } from "../../ui/PeriodPicker";
import { Answer } from "../../ui/states";
import { Daily, Totals } from "./Daily";
import classes from "./Identity.module.css";
import { reportQuery } from "./queries";
import { counted } from "./report";
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
