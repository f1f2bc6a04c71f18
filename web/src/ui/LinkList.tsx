import { Button, Center, Text } from "@mantine/core";
import { IconUsersMinus } from "@tabler/icons-react";
import type { InfiniteData, UseInfiniteQueryResult } from "@tanstack/react-query";
import { Link, type LinkProps } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import classes from "./LinkList.module.css";
import { Answer, Empty, RowsSkeleton } from "./states";

export type LinkRow = { key: string; title: string; detail: string; link: Pick<LinkProps, "to" | "params"> };

/** Links below each other, each with a line on it, that come page by page; above them a summary by the first page. */
export function LinkList<Page>({
  query,
  rows,
  summary,
  empty,
}: {
  query: UseInfiniteQueryResult<InfiniteData<Page>>;
  rows: (page: Page) => LinkRow[];
  summary: (page: Page) => string;
  empty: string;
}) {
  const { t } = useTranslation();
  return (
    <Answer query={query} skeleton={<RowsSkeleton rows={8} height={34} />}>
      {({ pages }) => {
        const links = pages.flatMap(rows);
        if (!pages[0] || links.length === 0) return <Empty icon={IconUsersMinus} title={empty} />;
        return (
          <>
            <Text size="sm" c="dimmed" mb="xs">
              {summary(pages[0])}
            </Text>
            {links.map(({ key, title, detail, link }) => (
              <Link key={key} {...link} className={classes.row}>
                <Text size="sm" fw={600} className="ellipsis">
                  {title}
                </Text>
                <Text size="xs" c="dimmed">
                  {detail}
                </Text>
              </Link>
            ))}
            {query.hasNextPage && (
              <Center p="md">
                <Button
                  variant="default"
                  size="xs"
                  loading={query.isFetchingNextPage}
                  onClick={() => void query.fetchNextPage()}
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
