import { Drawer } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { personLink } from "../api/people";
import type { ReportPeople } from "../api/types";
import { useFormat } from "../ui/FormatContext";
import { LinkList } from "../ui/LinkList";

/** Who is behind a number: what tells it from others, and a page of them. */
export type Behind = { key: readonly unknown[]; page: (cursor: string) => Promise<ReportPeople> };

/** The people behind a number of a report; nobody is asked for while there is no `crowd`. */
export function PeopleDrawer({
  crowd,
  onClose,
}: {
  crowd: { title: string; behind: Behind } | null;
  onClose: () => void;
}) {
  return (
    <Drawer opened={crowd !== null} onClose={onClose} position="right" size="md" title={crowd?.title}>
      {crowd && <People behind={crowd.behind} />}
    </Drawer>
  );
}

function People({ behind: { key, page } }: { behind: Behind }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <LinkList
      query={useInfiniteQuery({
        queryKey: key,
        queryFn: ({ pageParam }) => page(pageParam),
        initialPageParam: "",
        getNextPageParam: ({ next_cursor }: ReportPeople) => next_cursor,
      })}
      rows={({ profiles }) => profiles.map((profile) => personLink(t, format, profile))}
      summary={({ total }) => t("people.count", { count: total, people: format.integer(total) })}
      empty={t("people.empty")}
    />
  );
}
