import { Button, Center, Menu, Table, Text, TextInput } from "@mantine/core";
import { useDebouncedCallback, useMediaQuery } from "@mantine/hooks";
import { IconDownload, IconSearch, IconUserSearch } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import type { ProfileRow } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import { Card, Page } from "../../ui/Page";
import { Answer, Empty, RowsSkeleton } from "../../ui/states";
import { WideTable } from "../../ui/WideTable";
import classes from "./Profiles.module.css";
import { profileList } from "./queries";

const route = getRouteApi("/shell/profiles");
const DEBOUNCE_MS = 250;

export function ProfilesPage() {
  const { t } = useTranslation();
  const format = useFormat();
  const { role } = useMe();
  const { q = "" } = route.useSearch();
  const list = useInfiniteQuery(profileList(q));
  const total = list.data?.pages[0]?.total;

  return (
    <Page
      title={t("profiles.title")}
      subtitle={
        typeof total === "number"
          ? t("profiles.found", { count: total, people: format.integer(total) })
          : t("profiles.subtitle")
      }
      actions={may(role, "export_people") && <ExportMenu q={q} />}
    >
      <Card flush>
        <div className={classes.search}>
          <SearchField q={q} />
        </div>
        <Answer query={list} skeleton={<RowsSkeleton rows={12} />}>
          {({ pages }) => {
            const rows = pages.flatMap(({ profiles }) => profiles);
            if (rows.length === 0) return <NobodyFound q={q} />;
            return (
              <>
                <ProfileTable rows={rows} stale={list.isPlaceholderData} />
                {list.hasNextPage && (
                  <Center p="md">
                    <Button
                      variant="default"
                      size="xs"
                      loading={list.isFetchingNextPage}
                      onClick={() => void list.fetchNextPage()}
                    >
                      {t("ui.more")}
                    </Button>
                  </Center>
                )}
              </>
            );
          }}
        </Answer>
      </Card>
    </Page>
  );
}

function SearchField({ q }: { q: string }) {
  const { t } = useTranslation();
  const navigate = route.useNavigate();
  const [typed, setTyped] = useState(q);
  const search = useDebouncedCallback(
    (text: string) => void navigate({ search: text ? { q: text } : {}, replace: true }),
    DEBOUNCE_MS,
  );
  return (
    <TextInput
      data-search
      type="search"
      leftSection={<IconSearch size={16} aria-hidden />}
      aria-label={t("profiles.search")}
      placeholder={t("profiles.search")}
      value={typed}
      onChange={(event) => {
        setTyped(event.currentTarget.value);
        search(event.currentTarget.value.trim());
      }}
    />
  );
}

/** The people that the list shows, as a file. */
function ExportMenu({ q }: { q: string }) {
  const { t } = useTranslation();
  return (
    <Menu position="bottom-end" withArrow>
      <Menu.Target>
        <Button variant="default" leftSection={<IconDownload size={16} aria-hidden />}>
          {t("profiles.export.action")}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {(["csv", "xlsx"] as const).map((format) => (
          <Menu.Item
            key={format}
            component="a"
            href={`/api/profiles/export?${new URLSearchParams({ format, q }).toString()}`}
            download
          >
            {t(`profiles.export.${format}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function NobodyFound({ q }: { q: string }) {
  const { t } = useTranslation();
  return q ? (
    <Empty icon={IconUserSearch} title={t("profiles.none.title", { q })} hint={t("profiles.none.hint")} />
  ) : (
    <Empty icon={IconUserSearch} title={t("profiles.empty.title")} hint={t("profiles.empty.hint")} />
  );
}

function ProfileTable({ rows, stale }: { rows: ProfileRow[]; stale: boolean }) {
  const { t } = useTranslation();
  const narrow = useMediaQuery("(max-width: 48em)") ?? false;
  return (
    <WideTable
      label={t("profiles.title")}
      minWidth={narrow ? 0 : 860}
      highlightOnHover
      verticalSpacing={8}
      style={{ opacity: stale ? 0.55 : 1 }}
    >
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("profiles.column.name")}</Table.Th>
          <Table.Th>{t("profiles.column.contact")}</Table.Th>
          <Table.Th className={classes.wide}>{t("dimension.channel")}</Table.Th>
          <Table.Th className={classes.wide}>{t("dimension.region")}</Table.Th>
          <Table.Th className={classes.wide}>{t("dimension.dealer")}</Table.Th>
          <Table.Th className={`num ${classes.wide}`}>{t("profiles.column.events")}</Table.Th>
          <Table.Th className="num">{t("profiles.column.last_seen")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map((row) => (
          <Row key={row.profile_id} row={row} />
        ))}
      </Table.Tbody>
    </WideTable>
  );
}

function Row({ row }: { row: ProfileRow }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <Table.Tr className={classes.row}>
      <Table.Td>
        <Link to="/profiles/$profileId" params={{ profileId: row.profile_id }} className={classes.name}>
          {row.name ?? t("profiles.nameless")}
        </Link>
      </Table.Td>
      <Table.Td>
        <div className={classes.contact}>
          {row.email ?? row.phone ?? (
            <Text span c="dimmed" inherit>
              {t("profiles.anonymous")}
            </Text>
          )}
        </div>
        {row.email && row.phone && <div className={classes.second}>{row.phone}</div>}
      </Table.Td>
      <Table.Td className={classes.wide}>{row.channel ? label("channel", row.channel) : t("ui.none")}</Table.Td>
      <Table.Td className={classes.wide}>{row.region ?? t("ui.none")}</Table.Td>
      <Table.Td className={`nowrap ${classes.wide}`}>{row.dealer ?? t("ui.none")}</Table.Td>
      <Table.Td className={`num ${classes.wide}`}>{format.integer(row.events)}</Table.Td>
      <Table.Td className="num nowrap" title={format.dateTime(row.last_seen)}>
        {format.ago(row.last_seen, new Date())}
      </Table.Td>
    </Table.Tr>
  );
}
