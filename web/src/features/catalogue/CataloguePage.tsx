import { Badge, Group, SegmentedControl, Table, Text, TextInput, UnstyledButton } from "@mantine/core";
import { IconBook2, IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import type { KnownEvent } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import { Card, Page } from "../../ui/Page";
import { MiniBars } from "../../ui/Sparkline";
import { Answer, Empty, RowsSkeleton } from "../../ui/states";
import { WideTable } from "../../ui/WideTable";
import classes from "./Catalogue.module.css";
import { EventDrawer } from "./EventDrawer";
import { eventsQuery } from "./queries";
import { FILTERS, type Filter } from "./search";

const route = getRouteApi("/shell/catalogue");

/** Every event name that comes or is planned: how much, since when, what it means. */
export function CataloguePage() {
  const { t } = useTranslation();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const list = useQuery(eventsQuery);
  const { filter = "all", q = "" } = search;
  const events = list.data?.events ?? [];
  const counts = Object.fromEntries(FILTERS.map((key) => [key, events.filter(kept(key, "")).length]));

  return (
    <Page title={t("catalogue.title")} subtitle={t("catalogue.subtitle")}>
      <Card flush>
        <div className={classes.tools}>
          <TextInput
            data-search
            type="search"
            className={classes.search}
            leftSection={<IconSearch size={16} aria-hidden />}
            aria-label={t("catalogue.search")}
            placeholder={t("catalogue.search")}
            value={q}
            onChange={(event) => {
              const q = event.currentTarget.value;
              void navigate({ search: (held) => ({ ...held, q: q || undefined }), replace: true });
            }}
          />
          <div className={classes.filters}>
            <SegmentedControl
              size="xs"
              aria-label={t("catalogue.filter_label")}
              value={filter}
              data={FILTERS.map((key) => ({
                value: key,
                label: t("catalogue.counted", { name: t(`catalogue.filter.${key}`), count: counts[key] }),
              }))}
              onChange={(value) => {
                const filter = FILTERS.find((known) => known === value);
                void navigate({ search: (held) => ({ ...held, filter: filter === "all" ? undefined : filter }) });
              }}
            />
          </div>
        </div>
        <Answer query={list} skeleton={<RowsSkeleton rows={10} height={30} />}>
          {({ events }) => {
            const shown = events.filter(kept(filter, q));
            if (events.length === 0)
              return <Empty icon={IconBook2} title={t("catalogue.empty.title")} hint={t("catalogue.empty.hint")} />;
            if (shown.length === 0)
              return <Empty icon={IconBook2} title={t("catalogue.none.title")} hint={t("catalogue.none.hint")} />;
            return <EventTable events={shown} />;
          }}
        </Answer>
      </Card>
      <EventDrawer
        event={search.event}
        onClose={() => void navigate({ search: (held) => ({ ...held, event: undefined }) })}
      />
    </Page>
  );
}

/** Whether an event belongs to a filter and answers to the question. */
export function kept(filter: Filter, q: string) {
  const plain = q.trim().toLowerCase();
  return ({ event, description, is_new, is_unexpected, status, count_30d }: KnownEvent) => {
    const named = `${event} ${label("event", event)} ${description}`.toLowerCase().includes(plain);
    switch (filter) {
      case "all":
        return named;
      case "new":
        return named && is_new;
      case "unexpected":
        return named && is_unexpected;
      case "deprecated":
        return named && status === "deprecated";
      case "silent":
        return named && count_30d === 0;
    }
  };
}

function EventTable({ events }: { events: KnownEvent[] }) {
  const { t } = useTranslation();
  return (
    <WideTable label={t("catalogue.title")} minWidth={820} verticalSpacing={9} highlightOnHover>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("catalogue.column.event")}</Table.Th>
          <Table.Th w={190}>{t("catalogue.column.days")}</Table.Th>
          <Table.Th className="num">{t("catalogue.column.count")}</Table.Th>
          <Table.Th className="num">{t("catalogue.column.first")}</Table.Th>
          <Table.Th className="num">{t("catalogue.column.last")}</Table.Th>
          <Table.Th>{t("catalogue.column.owner")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {events.map((event) => (
          <EventRow key={event.event} event={event} />
        ))}
      </Table.Tbody>
    </WideTable>
  );
}

function EventRow({ event }: { event: KnownEvent }) {
  const { t } = useTranslation();
  const format = useFormat();
  const navigate = route.useNavigate();
  const day = (day: string | null) => (day ? format.day(day) : t("ui.none"));
  const name = event.is_rest ? t("catalogue.rest") : label("event", event.event);
  return (
    <Table.Tr>
      <Table.Td className={classes.name}>
        <Group gap={6} wrap="nowrap">
          <UnstyledButton
            className="ellipsis"
            onClick={() => void navigate({ search: (held) => ({ ...held, event: event.event }) })}
          >
            <Text size="sm" fw={600} c="var(--fc-accent)" className="ellipsis">
              {name}
            </Text>
          </UnstyledButton>
          <Marks event={event} />
        </Group>
        <Text size="xs" c="dimmed" className="ellipsis">
          {event.description || (event.is_rest ? t("catalogue.rest_hint") : event.event)}
        </Text>
      </Table.Td>
      <Table.Td>
        <MiniBars values={event.days} height={26} label={t("catalogue.days_of", { name })} />
      </Table.Td>
      <Table.Td className="num">
        <Text size="sm">{format.integer(event.count_30d)}</Text>
        <Text size="xs" c="dimmed">
          {t("catalogue.of_all", { count: format.compact(event.count) })}
        </Text>
      </Table.Td>
      <Table.Td className="num nowrap">{day(event.first_seen)}</Table.Td>
      <Table.Td className="num nowrap">{day(event.last_seen)}</Table.Td>
      <Table.Td>{event.owner || <span className={classes.nobody}>{t("ui.none")}</span>}</Table.Td>
    </Table.Tr>
  );
}

/** What is odd about an event, or said of it. */
export function Marks({ event }: { event: KnownEvent }) {
  const { t } = useTranslation();
  return (
    <>
      {event.is_new && (
        <Badge size="sm" variant="light" color="blue">
          {t("catalogue.mark.new")}
        </Badge>
      )}
      {event.status === "expected" && (
        <Badge size="sm" variant="light" color="green">
          {t("catalogue.status.expected")}
        </Badge>
      )}
      {event.status === "deprecated" && (
        <Badge size="sm" variant="light" color="gray">
          {t("catalogue.status.deprecated")}
        </Badge>
      )}
      {event.is_unexpected && (
        <Badge size="sm" variant="light" color="amber">
          {t("catalogue.mark.unexpected")}
        </Badge>
      )}
    </>
  );
}
