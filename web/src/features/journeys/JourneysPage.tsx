import { Button, Group, Menu, Select, Table, Text, TextInput } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconChevronDown, IconFileImport, IconPlus, IconRoute, IconSearch } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import { useFormat } from "../../ui/FormatContext";
import { Card, Page } from "../../ui/Page";
import { Answer, Empty, RowsSkeleton } from "../../ui/states";
import { WideTable } from "../../ui/WideTable";
import { JOURNEY_STATES, type JourneyItem } from "./api";
import { ImportButton } from "./ImportButton";
import classes from "./Journeys.module.css";
import { StateBadge } from "./JourneyState";
import { IMPORTED, journeysQuery, journeyTemplatesQuery } from "./queries";
import type { JourneysSearch } from "./search";
import { entryText } from "./sentence";
import { TemplateCards } from "./TemplateCards";
import { useJourneySpeech } from "./useJourneySpeech";

const route = getRouteApi("/shell/journeys");

/** What happens with people once something began it, and how far they are. */
export function JourneysPage() {
  const { t } = useTranslation();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const list = useQuery(journeysQuery);
  const mayEdit = may(useMe().role, "edit_definitions");
  const change = ({ q, state }: JourneysSearch) =>
    void navigate({ search: { ...(q && { q }), ...(state && { state }) }, replace: true });
  return (
    <Page title={t("journeys.title")} subtitle={t("journeys.subtitle")} actions={mayEdit && <Add />}>
      <Answer
        query={list}
        skeleton={
          <Card flush>
            <RowsSkeleton rows={8} height={34} />
          </Card>
        }
      >
        {({ journeys }) => {
          if (journeys.length === 0)
            return mayEdit ? (
              <TemplateCards />
            ) : (
              <Card>
                <Empty icon={IconRoute} title={t("journeys.none_yet.title")} hint={t("journeys.empty.read")} />
              </Card>
            );
          const { q = "", state } = search;
          const plain = q.trim().toLowerCase();
          const shown = journeys.filter(
            (each) =>
              (!state || each.state === state) && `${each.name} ${each.journey_id}`.toLowerCase().includes(plain),
          );
          return (
            <Card flush>
              <Group gap="xs" className={classes.tools}>
                <TextInput
                  data-search
                  type="search"
                  className={classes.search}
                  leftSection={<IconSearch size={16} aria-hidden />}
                  aria-label={t("journeys.search")}
                  placeholder={t("journeys.search")}
                  value={q}
                  onChange={(event) => change({ ...search, q: event.currentTarget.value })}
                />
                <Select
                  clearable
                  w={180}
                  aria-label={t("journeys.column.state")}
                  placeholder={t("journeys.all_states")}
                  data={JOURNEY_STATES.map((value) => ({ value, label: t(`journeys.state.${value}`) }))}
                  value={state ?? null}
                  onChange={(value) => change({ q, state: JOURNEY_STATES.find((known) => known === value) })}
                />
              </Group>
              {shown.length === 0 ? (
                <Empty icon={IconRoute} title={t("journeys.none.title")} hint={t("journeys.none.hint")} />
              ) : (
                <JourneyTable journeys={shown} />
              )}
            </Card>
          );
        }}
      </Answer>
    </Page>
  );
}

/** A new journey: empty, from a template, or out of a file. */
function Add() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const templates = useQuery(journeyTemplatesQuery).data?.templates ?? [];
  return (
    <>
      <ImportButton
        onJourney={(journey) => {
          queryClient.setQueryData(IMPORTED, journey);
          void navigate({ to: "/journeys/new", search: { imported: true } });
        }}
      >
        {(props) => (
          <Button variant="default" leftSection={<IconFileImport size={16} aria-hidden />} {...props}>
            {t("journeys.import")}
          </Button>
        )}
      </ImportButton>
      <Menu position="bottom-end" width={330}>
        <Menu.Target>
          <Button
            leftSection={<IconPlus size={16} aria-hidden />}
            rightSection={<IconChevronDown size={15} aria-hidden />}
          >
            {t("journeys.new")}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item renderRoot={(props) => <Link to="/journeys/new" {...props} />}>
            {t("journeys.empty.blank")}
          </Menu.Item>
          {0 < templates.length && <Menu.Label>{t("journeys.templates")}</Menu.Label>}
          {templates.map(({ template_id, name, says }) => (
            <Menu.Item
              key={template_id}
              renderRoot={(props) => <Link to="/journeys/new" search={{ template: template_id }} {...props} />}
            >
              {name}
              <Text size="xs" c="dimmed" lineClamp={2}>
                {says}
              </Text>
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </>
  );
}

function JourneyTable({ journeys }: { journeys: JourneyItem[] }) {
  const { t } = useTranslation();
  const narrow = useMediaQuery("(max-width: 48em)") ?? false;
  return (
    <WideTable label={t("journeys.title")} minWidth={narrow ? 0 : 900} verticalSpacing={10} highlightOnHover>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("journeys.column.name")}</Table.Th>
          <Table.Th>{t("journeys.column.state")}</Table.Th>
          <Table.Th className={`num ${classes.wide}`}>{t("journeys.column.entered")}</Table.Th>
          <Table.Th className={`num ${classes.wide}`}>{t("journeys.column.running")}</Table.Th>
          <Table.Th className={`num ${classes.wide}`}>{t("journeys.column.goals")}</Table.Th>
          <Table.Th className={classes.wide}>{t("journeys.column.changed")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {journeys.map((journey) => (
          <Row key={journey.journey_id} journey={journey} />
        ))}
      </Table.Tbody>
    </WideTable>
  );
}

function Row({ journey }: { journey: JourneyItem }) {
  const { t } = useTranslation();
  const format = useFormat();
  const speech = useJourneySpeech();
  const { journey_id, name, state, is_published, entry, counts, changed_at, changed_by } = journey;
  const has = 0 < counts.entered;
  return (
    <Table.Tr className={classes.row}>
      <Table.Td>
        <Link to="/journeys/$journeyId" params={{ journeyId: journey_id }} className={classes.name}>
          {name}
        </Link>
        <div className={classes.about}>{entryText(entry, speech)}</div>
      </Table.Td>
      <Table.Td>
        <StateBadge state={state} isPublished={is_published} />
      </Table.Td>
      <Table.Td className={`num ${classes.wide}`}>{has ? format.integer(counts.entered) : t("ui.none")}</Table.Td>
      <Table.Td className={`num ${classes.wide}`}>{has ? format.integer(counts.running) : t("ui.none")}</Table.Td>
      <Table.Td className={`num ${classes.wide}`}>
        {has ? (
          <>
            {format.integer(counts.goals)}
            <Text size="xs" c="dimmed" className="num">
              {format.share(counts.goals / counts.entered)}
            </Text>
          </>
        ) : (
          t("ui.none")
        )}
      </Table.Td>
      <Table.Td className={classes.wide}>
        <span title={format.dateTime(changed_at)}>{format.ago(changed_at, new Date())}</span>
        <Text size="xs" c="dimmed" className="ellipsis" maw={170}>
          {changed_by}
        </Text>
      </Table.Td>
    </Table.Tr>
  );
}
