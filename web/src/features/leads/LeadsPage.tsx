import { Badge, Button, Center, Tabs } from "@mantine/core";
import { IconHeadset, IconPhonePlus, IconTargetArrow } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { QUEUES, type LeadCounts, type Queue } from "../../api/leads";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import { leadsQuery } from "../../lead/queries";
import { useFormat } from "../../ui/FormatContext";
import { Card, Page } from "../../ui/Page";
import { Answer, Empty, RowsSkeleton } from "../../ui/states";
import classes from "./Leads.module.css";
import { LeadFilters } from "./LeadFilters";
import { LeadTable } from "./LeadTable";
import { RegisterDrawer } from "./RegisterDrawer";
import type { LeadsSearch } from "./search";

const route = getRouteApi("/shell/leads");

/** All leads by who has to do with them now. */
export function LeadsPage() {
  const { t } = useTranslation();
  const { role } = useMe();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const isDesk = may(role, "edit_profiles");
  const queues: readonly Queue[] = isDesk ? QUEUES : ["dealer", "closed"];
  const queue = queues.find((each) => each === search.queue) ?? (isDesk ? "verification" : "dealer");
  const change = (next: LeadsSearch) => void navigate({ search: next, replace: true });
  const { dealer, band, stage, q, mine } = search;
  const leads = useInfiniteQuery(
    leadsQuery({
      queue,
      ...(dealer && { dealer_id: dealer }),
      ...(band && { band }),
      ...(stage && { stage }),
      ...(q && { q }),
      ...(mine && { mine }),
    }),
  );
  const counts = leads.data?.pages[0]?.counts;
  return (
    <Page
      title={t("leads.title")}
      subtitle={t("leads.subtitle")}
      actions={
        <>
          {isDesk && (
            <Button
              variant="default"
              leftSection={<IconHeadset size={16} aria-hidden />}
              renderRoot={(props) => <Link to="/leads/verify" {...props} />}
            >
              {t("leads.to_verify")}
            </Button>
          )}
          <Button
            leftSection={<IconPhonePlus size={16} aria-hidden />}
            onClick={() => change({ ...search, register: true })}
          >
            {t("leads.register.open")}
          </Button>
        </>
      }
    >
      <Tabs value={queue} onChange={(next) => change({ ...search, queue: queues.find((each) => each === next) })}>
        <Tabs.List className={classes.tabs} mb="md">
          {queues.map((each) => (
            <Tabs.Tab key={each} value={each} rightSection={<Count counts={counts} queue={each} />}>
              {t(`lead.queue.${each}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
      </Tabs>
      <Card flush>
        <LeadFilters search={search} queue={queue} counts={counts} isDesk={isDesk} onChange={change} />
        <div data-stale={leads.isPlaceholderData} className={classes.stale}>
          <Answer query={leads} skeleton={<RowsSkeleton rows={8} height={38} />}>
            {({ pages }) => {
              const shown = pages.flatMap((page) => page.leads);
              if (shown.length === 0)
                return (
                  <Empty
                    icon={IconTargetArrow}
                    title={t(dealer || band || stage || q || mine ? "leads.none_fit" : "leads.none.title")}
                    hint={t(`leads.none.${queue}`)}
                  />
                );
              return (
                <>
                  <LeadTable leads={shown} queue={queue} />
                  {leads.hasNextPage && (
                    <Center p="md">
                      <Button
                        variant="default"
                        size="xs"
                        loading={leads.isFetchingNextPage}
                        onClick={() => void leads.fetchNextPage()}
                      >
                        {t("ui.more")}
                      </Button>
                    </Center>
                  )}
                </>
              );
            }}
          </Answer>
        </div>
      </Card>
      <RegisterDrawer opened={search.register === true} onClose={() => change({ ...search, register: undefined })} />
    </Page>
  );
}

function Count({ counts, queue }: { counts: LeadCounts | undefined; queue: Queue }) {
  const format = useFormat();
  if (!counts) return null;
  return (
    <Badge size="sm" variant="light" color={queue === "pool" && 0 < counts.pool ? "red" : "gray"} className="num">
      {format.integer(counts[queue])}
    </Badge>
  );
}
