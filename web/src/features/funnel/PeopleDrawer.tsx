import { Button, Center, Drawer, Text } from "@mantine/core";
import { IconUsersMinus } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import type { FunnelSpec, ProfileRow } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import { Answer, Empty, RowsSkeleton } from "../../ui/states";
import classes from "./Funnel.module.css";
import { groupName } from "./groups";
import { peopleQuery, type Crowd } from "./queries";
import { DIMENSIONS } from "./spec";

/** The people behind a bar. */
export function PeopleDrawer({ spec, crowd, onClose }: { spec: FunnelSpec; crowd: Crowd | null; onClose: () => void }) {
  return (
    <Drawer
      opened={crowd !== null}
      onClose={onClose}
      position="right"
      size="md"
      title={crowd && <CrowdTitle spec={spec} crowd={crowd} />}
    >
      {crowd && <People spec={spec} crowd={crowd} />}
    </Drawer>
  );
}

function CrowdTitle({ spec, crowd }: { spec: FunnelSpec; crowd: Crowd }) {
  const { t } = useTranslation();
  const event = label("event", spec.steps[crowd.step - 1]?.event ?? "");
  const dimension = DIMENSIONS.find((known) => known === spec.by?.[0]);
  const group = crowd.by && dimension ? (groupName(crowd.by, dimension) ?? t("funnel.no_value")) : null;
  const title =
    crowd.outcome === "reached" ? t("funnel.people.reached", { event }) : t("funnel.people.dropped", { event });
  return group ? t("funnel.people.of_group", { title, group }) : title;
}

function People({ spec, crowd }: { spec: FunnelSpec; crowd: Crowd }) {
  const { t } = useTranslation();
  const format = useFormat();
  const people = useInfiniteQuery(peopleQuery(spec, crowd));
  return (
    <Answer query={people} skeleton={<RowsSkeleton rows={8} height={34} />}>
      {({ pages }) => {
        const rows = pages.flatMap(({ profiles }) => profiles);
        const total = pages[0]?.total ?? 0;
        if (rows.length === 0) return <Empty icon={IconUsersMinus} title={t("funnel.people.empty")} />;
        return (
          <>
            <Text size="sm" c="dimmed" mb="xs">
              {t("funnel.people.count", { count: total, people: format.integer(total) })}
            </Text>
            {rows.map((row) => (
              <Person key={row.profile_id} row={row} />
            ))}
            {people.hasNextPage && (
              <Center p="md">
                <Button
                  variant="default"
                  size="xs"
                  loading={people.isFetchingNextPage}
                  onClick={() => void people.fetchNextPage()}
                >
                  {t("ui.more")}
                </Button>
              </Center>
            )}
          </>
        );
      }}
    </Answer>
  );
}

function Person({ row }: { row: ProfileRow }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <Link to="/profiles/$profileId" params={{ profileId: row.profile_id }} className={classes.person}>
      <Text size="sm" fw={600}>
        {row.name ?? row.email ?? row.phone ?? t("funnel.people.nameless")}
      </Text>
      <Text size="xs" c="dimmed">
        {[
          row.email,
          row.phone,
          row.dealer ?? row.region,
          t("funnel.people.last_seen", { time: format.ago(row.last_seen, new Date()) }),
        ]
          .filter(Boolean)
          .join(" · ")}
      </Text>
    </Link>
  );
}
