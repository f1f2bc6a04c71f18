import { Button, Group, Progress, Select, Table, Text, TextInput } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconPlus, IconSearch, IconSpeakerphone } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import { ChannelPicture } from "../../message/Channel";
import { useFormat } from "../../ui/FormatContext";
import { Card, Page } from "../../ui/Page";
import { Answer, Empty, RowsSkeleton } from "../../ui/states";
import { WideTable } from "../../ui/WideTable";
import { BROADCAST_STATES, type BroadcastItem } from "./api";
import classes from "./Broadcasts.module.css";
import { isUnderWay, ReachBar, StateBadge } from "./BroadcastState";
import { broadcastsQuery } from "./queries";
import type { BroadcastsSearch } from "./search";
import { useBroadcastSpeech } from "./useBroadcastSpeech";

const route = getRouteApi("/shell/broadcasts");

/** What was said to many at once, and what came of it. */
export function BroadcastsPage() {
  const { t } = useTranslation();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const list = useQuery(broadcastsQuery);
  const mayEdit = may(useMe().role, "edit_definitions");
  const change = ({ q, state }: BroadcastsSearch) =>
    void navigate({ search: { ...(q && { q }), ...(state && { state }) }, replace: true });
  const add = mayEdit && (
    <Button
      leftSection={<IconPlus size={16} aria-hidden />}
      renderRoot={(props) => <Link to="/broadcasts/new" {...props} />}
    >
      {t("broadcasts.new")}
    </Button>
  );
  return (
    <Page title={t("broadcasts.title")} subtitle={t("broadcasts.subtitle")} actions={add}>
      <Card flush>
        <Answer query={list} skeleton={<RowsSkeleton rows={8} height={34} />}>
          {({ broadcasts }) => {
            if (broadcasts.length === 0)
              return (
                <Empty
                  icon={IconSpeakerphone}
                  title={t("broadcasts.empty.title")}
                  hint={t(mayEdit ? "broadcasts.empty.hint" : "broadcasts.empty.hint_read")}
                  action={add}
                />
              );
            const { q = "", state } = search;
            const plain = q.trim().toLowerCase();
            const shown = broadcasts.filter(
              (each) =>
                (!state || each.state === state) && `${each.name} ${each.broadcast_id}`.toLowerCase().includes(plain),
            );
            return (
              <>
                <Group gap="xs" className={classes.tools}>
                  <TextInput
                    data-search
                    type="search"
                    className={classes.search}
                    leftSection={<IconSearch size={16} aria-hidden />}
                    aria-label={t("broadcasts.search")}
                    placeholder={t("broadcasts.search")}
                    value={q}
                    onChange={(event) => change({ ...search, q: event.currentTarget.value })}
                  />
                  <Select
                    clearable
                    w={180}
                    aria-label={t("broadcasts.column.state")}
                    placeholder={t("broadcasts.all_states")}
                    data={BROADCAST_STATES.map((value) => ({ value, label: t(`broadcasts.state.${value}`) }))}
                    value={state ?? null}
                    onChange={(value) =>
                      change({ ...search, state: BROADCAST_STATES.find((known) => known === value) })
                    }
                  />
                </Group>
                {shown.length === 0 ? (
                  <Empty icon={IconSpeakerphone} title={t("broadcasts.none.title")} hint={t("broadcasts.none.hint")} />
                ) : (
                  <BroadcastTable broadcasts={shown} />
                )}
              </>
            );
          }}
        </Answer>
      </Card>
    </Page>
  );
}

function BroadcastTable({ broadcasts }: { broadcasts: BroadcastItem[] }) {
  const { t } = useTranslation();
  const narrow = useMediaQuery("(max-width: 48em)") ?? false;
  return (
    <WideTable label={t("broadcasts.title")} minWidth={narrow ? 0 : 900} verticalSpacing={10} highlightOnHover>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("broadcasts.column.name")}</Table.Th>
          <Table.Th>{t("broadcasts.column.state")}</Table.Th>
          <Table.Th className={classes.wide}>{t("broadcasts.column.reach")}</Table.Th>
          <Table.Th className={`num ${classes.wide}`}>{t("broadcasts.count.sent")}</Table.Th>
          <Table.Th className={`num ${classes.wide}`}>{t("broadcasts.count.read")}</Table.Th>
          <Table.Th className={`num ${classes.wide}`}>{t("broadcasts.count.clicked")}</Table.Th>
          <Table.Th className={classes.wide}>{t("broadcasts.column.when")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {broadcasts.map((broadcast) => (
          <Row key={broadcast.broadcast_id} broadcast={broadcast} />
        ))}
      </Table.Tbody>
    </WideTable>
  );
}

function Row({ broadcast }: { broadcast: BroadcastItem }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { segment, template } = useBroadcastSpeech();
  const { broadcast_id, name, counts, state, percent, variants } = broadcast;
  const channels = [
    ...new Set(variants.flatMap(({ chain }) => chain.map(({ template_id }) => template(template_id)?.channel))),
  ].filter((channel) => channel !== undefined);
  const has = 0 < counts.messages;
  const share = (part: number) => (counts.sent === 0 ? t("ui.none") : format.percent(part / counts.sent));
  return (
    <Table.Tr className={classes.row}>
      <Table.Td>
        <Link to="/broadcasts/$broadcastId" params={{ broadcastId: broadcast_id }} className={classes.name}>
          {name}
        </Link>
        <div className={classes.about}>
          {channels.map((channel) => (
            <ChannelPicture key={channel} of={channel} size={14} />
          ))}
          <span className="ellipsis">
            {broadcast.segment_id ? segment(broadcast.segment_id) : t("broadcasts.everybody")}
          </span>
        </div>
      </Table.Td>
      <Table.Td>
        <StateBadge state={state} />
        {isUnderWay(broadcast) && (
          <Progress
            value={Math.max(3, percent)}
            size="sm"
            mt={5}
            w={92}
            color={state === "paused" ? "amber" : undefined}
            animated={state === "sending"}
            striped={state === "sending"}
            aria-label={format.percent(percent / 100)}
          />
        )}
      </Table.Td>
      <Table.Td className={classes.wide} w={170}>
        {has ? <ReachBar counts={counts} /> : t("ui.none")}
      </Table.Td>
      <Table.Td className={`num ${classes.wide}`}>{has ? format.integer(counts.sent) : t("ui.none")}</Table.Td>
      <Table.Td className={`num ${classes.wide}`}>{share(counts.read)}</Table.Td>
      <Table.Td className={`num ${classes.wide}`}>{share(counts.clicked)}</Table.Td>
      <Table.Td className={classes.wide}>
        <When broadcast={broadcast} />
        <Text size="xs" c="dimmed" className="ellipsis" maw={170}>
          {broadcast.changed_by}
        </Text>
      </Table.Td>
    </Table.Tr>
  );
}

function When({ broadcast }: { broadcast: BroadcastItem }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { state, starts_at, started_at, changed_at } = broadcast;
  if (state === "scheduled" && starts_at) return t("broadcasts.starts", { time: format.dateTime(starts_at) });
  if (started_at) return <span title={format.dateTime(started_at)}>{format.ago(started_at, new Date())}</span>;
  return (
    <span title={format.dateTime(changed_at)}>
      {t("broadcasts.changed", { time: format.ago(changed_at, new Date()) })}
    </span>
  );
}
