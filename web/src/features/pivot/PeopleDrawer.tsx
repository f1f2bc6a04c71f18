import { Button, Center, Drawer, Text } from "@mantine/core";
import { IconUsersMinus } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { PivotReport, PivotSpec, ProfileRow } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import { Answer, Empty, RowsSkeleton } from "../../ui/states";
import classes from "./Pivot.module.css";
import { peopleQuery, type Crowd } from "./queries";
import { measureName, valueName } from "./words";

/** The people behind a number. */
export function PeopleDrawer({
  spec,
  report,
  crowd,
  onClose,
}: {
  spec: PivotSpec;
  report: PivotReport;
  crowd: Crowd | null;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const title = () => {
    if (!crowd) return "";
    const measure = report.measures.find((each) => each.measure === crowd.measure);
    const place = Object.entries(crowd.place).map(([name, value]) => valueName(t, format, name, value));
    return [measureName(t, crowd.measure, measure?.title ?? null), ...place].join(" · ");
  };
  return (
    <Drawer opened={crowd !== null} onClose={onClose} position="right" size="md" title={title()}>
      {crowd && <People spec={spec} crowd={crowd} />}
    </Drawer>
  );
}

function People({ spec, crowd }: { spec: PivotSpec; crowd: Crowd }) {
  const { t } = useTranslation();
  const format = useFormat();
  const people = useInfiniteQuery(peopleQuery(spec, crowd));
  return (
    <Answer query={people} skeleton={<RowsSkeleton rows={8} height={34} />}>
      {({ pages }) => {
        const rows = pages.flatMap(({ profiles }) => profiles);
        const total = pages[0]?.total ?? 0;
        if (rows.length === 0) return <Empty icon={IconUsersMinus} title={t("pivot.people.empty")} />;
        return (
          <>
            <Text size="sm" c="dimmed" mb="xs">
              {t("pivot.people.count", { count: total, people: format.integer(total) })}
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
        {row.name ?? row.email ?? row.phone ?? t("pivot.people.nameless")}
      </Text>
      <Text size="xs" c="dimmed">
        {[
          row.email,
          row.phone,
          row.dealer ?? row.region,
          t("pivot.people.last_seen", { time: format.ago(row.last_seen, new Date()) }),
        ]
          .filter(Boolean)
          .join(" · ")}
      </Text>
    </Link>
  );
}
