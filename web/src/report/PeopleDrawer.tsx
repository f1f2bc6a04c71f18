import { Drawer } from "@mantine/core";
import { useInfiniteQuery, type InfiniteData, type UseInfiniteQueryOptions } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { personLink } from "../api/people";
import type { ReportPeople } from "../api/types";
import { useFormat } from "../ui/FormatContext";
import { LinkList } from "../ui/LinkList";

type PeopleQuery = UseInfiniteQueryOptions<ReportPeople, Error, InfiniteData<ReportPeople>, readonly unknown[], string>;

/** The people behind a number of a report; nobody is asked for while there is no `crowd`. */
export function PeopleDrawer({
  crowd,
  onClose,
}: {
  crowd: { title: string; query: PeopleQuery } | null;
  onClose: () => void;
}) {
  return (
    <Drawer opened={crowd !== null} onClose={onClose} position="right" size="md" title={crowd?.title}>
      {crowd && <People query={crowd.query} />}
    </Drawer>
  );
}

function People({ query }: { query: PeopleQuery }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <LinkList
      query={useInfiniteQuery(query)}
      rows={({ profiles }) => profiles.map((profile) => personLink(t, format, profile))}
      summary={({ total }) => t("people.count", { count: total, people: format.integer(total) })}
      empty={t("people.empty")}
    />
  );
}
