import {
  Alert,
  Anchor,
  Badge,
  Button,
  Center,
  Checkbox,
  CloseButton,
  Group,
  Select,
  Table,
  Text,
  UnstyledButton,
} from "@mantine/core";
import { IconMailForward, IconPlayerStop, IconRefresh, IconShieldCheck } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import type { Breaker } from "../../api/types";
import { Channel } from "../../message/Channel";
import { readChannel } from "../../message/channels";
import { reasonText } from "../../message/reason";
import { useFormat } from "../../ui/FormatContext";
import { Card, Page } from "../../ui/Page";
import { Answer, Empty, RowsSkeleton } from "../../ui/states";
import { WideTable } from "../../ui/WideTable";
import classes from "./Deliveries.module.css";
import { DeliveryDrawer } from "./DeliveryDrawer";
import { deliveriesQuery, useRetryMessages, type MessagePage } from "./queries";
import { CHANNELS, STATES, type DeliveriesSearch, type Message, type MessageState } from "./search";
import { StateBadge } from "./StateBadge";

const route = getRouteApi("/shell/deliveries");
const RETRIED: MessageState[] = ["failed", "held", "undelivered", "unknown", "suppressed"];

/** What was to be said to people, where each message stands, and what to do about those that did not go out. */
export function DeliveriesPage() {
  const { t } = useTranslation();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const deliveries = useInfiniteQuery(deliveriesQuery(search));
  const change = (part: Partial<DeliveriesSearch>) => void navigate({ search: { ...search, ...part } });
  return (
    <Page title={t("deliveries.title")} subtitle={t("deliveries.subtitle")}>
      {deliveries.data?.pages[0] && <Warnings now={deliveries.data.pages[0]} />}
      {deliveries.data?.pages[0] && <Counts now={deliveries.data.pages[0]} search={search} onSearch={change} />}
      <Card flush>
        <Answer query={deliveries} skeleton={<RowsSkeleton rows={8} height={30} />}>
          {({ pages }) => (
            <Messages
              messages={pages.flatMap(({ messages }) => messages)}
              search={search}
              onSearch={change}
              onMore={deliveries.hasNextPage ? () => void deliveries.fetchNextPage() : undefined}
              isLoading={deliveries.isFetchingNextPage}
            />
          )}
        </Answer>
      </Card>
      {search.message && (
        <DeliveryDrawer
          key={search.message}
          messageId={search.message}
          onClose={() => change({ message: undefined })}
        />
      )}
    </Page>
  );
}

/** Why messages may not be going out now. */
function Warnings({ now }: { now: MessagePage }) {
  const { t } = useTranslation();
  const { role } = useMe();
  const toSettings = may(role, "manage_sending") && (
    <Anchor component={Link} to="/settings/sending" size="sm">
      {t("deliveries.to_settings")}
    </Anchor>
  );
  return (
    <div className={classes.warnings}>
      {now.stopped && (
        <Alert color="red" variant="light" icon={<IconPlayerStop aria-hidden />} title={t("deliveries.stopped")}>
          {t("deliveries.stopped_hint")} {toSettings}
        </Alert>
      )}
      {now.safe_mode && !now.stopped && (
        <Alert color="amber" variant="light" icon={<IconShieldCheck aria-hidden />} title={t("deliveries.safe_mode")}>
          {t("deliveries.safe_mode_hint")} {toSettings}
        </Alert>
      )}
      {now.breakers
        .filter(({ is_open }) => is_open)
        .map((breaker) => (
          <OpenBreaker key={breaker.guards} breaker={breaker} />
        ))}
    </div>
  );
}

function OpenBreaker({ breaker }: { breaker: Breaker }) {
  const { t } = useTranslation();
  const format = useFormat();
  // `sms`, or `webhook` and its host.
  const [guarded = "", host] = breaker.guards.split(" ");
  const channel = t(`message.channel.${readChannel(guarded) ?? "sms"}`);
  const title = host ? t("deliveries.breaker.webhook", { host }) : t("deliveries.breaker.channel", { channel });
  return (
    <Alert color="red" variant="light" title={title}>
      {t("deliveries.breaker.hint", {
        count: breaker.failures,
        failure: breaker.last_failure,
        time: breaker.until ? format.time(breaker.until) : "",
      })}
    </Alert>
  );
}

/** How many stand where, of the last week; each is a filter. */
function Counts({
  now,
  search,
  onSearch,
}: {
  now: MessagePage;
  search: DeliveriesSearch;
  onSearch: (part: Partial<DeliveriesSearch>) => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const count = (state: MessageState) =>
    now.counts
      .filter((each) => each.state === state && (!search.channel || each.message_channel === search.channel))
      .reduce((sum, { messages }) => sum + messages, 0);
  return (
    <Group gap="xs" mb="md" role="group" aria-label={t("deliveries.week")}>
      {STATES.filter((state) => 0 < count(state) || state === search.state).map((state) => (
        <UnstyledButton
          key={state}
          className={classes.count}
          aria-pressed={search.state === state}
          onClick={() => onSearch({ state: search.state === state ? undefined : state })}
        >
          <span className={`num ${classes.figure}`}>{format.integer(count(state))}</span>
          <span className={classes.state}>{t(`message.state.${state}`)}</span>
        </UnstyledButton>
      ))}
    </Group>
  );
}

function Messages({
  messages,
  search,
  onSearch,
  onMore,
  isLoading,
}: {
  messages: Message[];
  search: DeliveriesSearch;
  onSearch: (part: Partial<DeliveriesSearch>) => void;
  onMore: (() => void) | undefined;
  isLoading: boolean;
}) {
  const { t } = useTranslation();
  const { role } = useMe();
  const [chosen, setChosen] = useState<string[]>([]);
  const mayRetry = may(role, "retry_deliveries");
  return (
    <>
      <Group justify="space-between" p="sm" gap="xs">
        <Group gap="xs">
          <Select
            size="xs"
            w={150}
            clearable
            aria-label={t("deliveries.column.channel")}
            placeholder={t("deliveries.all_channels")}
            data={CHANNELS.map((value) => ({ value, label: t(`message.channel.${value}`) }))}
            value={search.channel ?? null}
            onChange={(value) => onSearch({ channel: CHANNELS.find((known) => known === value) })}
          />
          <Select
            size="xs"
            w={180}
            clearable
            aria-label={t("deliveries.column.state")}
            placeholder={t("deliveries.all_states")}
            data={STATES.map((value) => ({ value, label: t(`message.state.${value}`) }))}
            value={search.state ?? null}
            onChange={(value) => onSearch({ state: STATES.find((known) => known === value) })}
          />
          {(["form", "definition"] as const).map((name) => {
            const held = search[name];
            return (
              held && (
                <Badge
                  key={name}
                  size="lg"
                  variant="light"
                  rightSection={
                    <CloseButton
                      size={18}
                      aria-label={t("deliveries.widen", { name: held })}
                      onClick={() => onSearch({ [name]: undefined })}
                    />
                  }
                >
                  {held}
                </Badge>
              )
            );
          })}
        </Group>
        {mayRetry && <RetryMany search={search} chosen={chosen} onDone={() => setChosen([])} />}
      </Group>
      {messages.length === 0 ? (
        <Empty icon={IconMailForward} title={t("deliveries.empty.title")} hint={t("deliveries.empty.hint")} />
      ) : (
        <MessageTable
          messages={messages}
          chosen={chosen}
          onChoose={mayRetry ? setChosen : undefined}
          onOpen={(message) => onSearch({ message })}
        />
      )}
      {onMore && (
        <Center p="md">
          <Button variant="default" size="xs" loading={isLoading} onClick={onMore}>
            {t("ui.more")}
          </Button>
        </Center>
      )}
    </>
  );
}

/** Those that are ticked, or else all that stand in the state that is shown. */
function RetryMany({ search, chosen, onDone }: { search: DeliveriesSearch; chosen: string[]; onDone: () => void }) {
  const { t } = useTranslation();
  const retry = useRetryMessages();
  const [asking, setAsking] = useState<"no" | "yes">("no");
  const { state } = search;
  const ofState = state && RETRIED.includes(state) ? state : undefined;
  if (chosen.length === 0 && !ofState) return null;
  const wish =
    0 < chosen.length
      ? { message_ids: chosen }
      : {
          message_ids: [],
          state: ofState,
          message_channel: search.channel,
          form: search.definition ?? search.form,
        };
  const go = () => {
    setAsking("no");
    retry.mutate(wish, { onSuccess: onDone });
  };
  if (asking === "yes")
    return (
      <Group gap="xs">
        <Text size="sm">{state === "unknown" ? t("deliveries.retry.sure_unknown") : t("deliveries.retry.sure")}</Text>
        <Button size="xs" onClick={go}>
          {t("deliveries.retry.action")}
        </Button>
        <Button size="xs" variant="default" onClick={() => setAsking("no")}>
          {t("ui.cancel")}
        </Button>
      </Group>
    );
  return (
    <Button
      size="xs"
      variant="default"
      leftSection={<IconRefresh size={14} aria-hidden />}
      loading={retry.isPending}
      onClick={() => setAsking("yes")}
    >
      {0 < chosen.length
        ? t("deliveries.retry.chosen", { count: chosen.length })
        : t("deliveries.retry.all", { state: t(`message.state.${ofState ?? "failed"}`) })}
    </Button>
  );
}

function MessageTable({
  messages,
  chosen,
  onChoose,
  onOpen,
}: {
  messages: Message[];
  chosen: string[];
  onChoose: ((chosen: string[]) => void) | undefined;
  onOpen: (id: string) => void;
}) {
  const { t } = useTranslation();
  return (
    <WideTable label={t("deliveries.title")} minWidth={980} verticalSpacing={8} highlightOnHover>
      <Table.Thead>
        <Table.Tr>
          {onChoose && <Table.Th w={36} aria-label={t("deliveries.choose")} />}
          <Table.Th>{t("deliveries.column.time")}</Table.Th>
          <Table.Th>{t("deliveries.column.channel")}</Table.Th>
          <Table.Th>{t("deliveries.column.to")}</Table.Th>
          <Table.Th>{t("deliveries.column.form")}</Table.Th>
          <Table.Th>{t("deliveries.column.state")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {messages.map((message) => (
          <MessageRow
            key={message.message_id}
            message={message}
            isChosen={chosen.includes(message.message_id)}
            onChoose={
              onChoose &&
              ((isChosen) =>
                onChoose(isChosen ? [...chosen, message.message_id] : chosen.filter((id) => id !== message.message_id)))
            }
            onOpen={onOpen}
          />
        ))}
      </Table.Tbody>
    </WideTable>
  );
}

function MessageRow({
  message,
  isChosen,
  onChoose,
  onOpen,
}: {
  message: Message;
  isChosen: boolean;
  onChoose: ((isChosen: boolean) => void) | undefined;
  onOpen: (id: string) => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <Table.Tr>
      {onChoose && (
        <Table.Td>
          {message.may_be_retried && (
            <Checkbox
              size="xs"
              aria-label={t("deliveries.choose_message", { to: message.recipient })}
              checked={isChosen}
              onChange={(event) => onChoose(event.currentTarget.checked)}
            />
          )}
        </Table.Td>
      )}
      <Table.Td className="nowrap">
        <UnstyledButton onClick={() => onOpen(message.message_id)}>
          <Text size="sm" c="var(--fc-accent)" className="num">
            {format.dateTime(message.admitted_at)}
          </Text>
        </UnstyledButton>
      </Table.Td>
      <Table.Td>
        <Channel of={message.message_channel} />
      </Table.Td>
      <Table.Td>
        <Text size="sm" className={`ellipsis ${classes.to}`}>
          {message.recipient}
        </Text>
        {message.message_channel === "webhook" && (
          <Text size="xs" c="dimmed">
            {t("deliveries.about", { phone: message.phone })}
          </Text>
        )}
      </Table.Td>
      <Table.Td>
        <Origin message={message} />
      </Table.Td>
      <Table.Td>
        <StateBadge state={message.state} />
        <Text size="xs" c="dimmed" className="num nowrap">
          {message.clicked_at
            ? t("deliveries.clicked", { time: format.dateTime(message.clicked_at) })
            : message.read_at
              ? t("deliveries.read", { time: format.dateTime(message.read_at) })
              : isToCome(message.state) && message.due_at
                ? t("deliveries.due", { time: format.dateTime(message.due_at) })
                : null}
        </Text>
        {message.reason && (
          <Text size="xs" c="dimmed" className={`ellipsis ${classes.reason}`} title={reasonText(t, message.reason)}>
            {reasonText(t, message.reason)}
          </Text>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

const isToCome = (state: MessageState) => state === "postponed" || state === "pending";

/** What a message comes from, and for what it is sent. */
function Origin({ message }: { message: Message }) {
  const { t } = useTranslation();
  const { form, purpose, variant } = message;
  const [kind, id] = form.split(/:(.*)/);
  return (
    <>
      {kind === "broadcast" && id ? (
        <Anchor
          size="sm"
          renderRoot={(props) => <Link to="/broadcasts/$broadcastId" params={{ broadcastId: id }} {...props} />}
        >
          {id}
        </Anchor>
      ) : (
        <Text size="sm" ff="monospace">
          {form || t("ui.none")}
        </Text>
      )}
      {(purpose || variant) && (
        <Text size="xs" c="dimmed">
          {[purpose, variant && t("deliveries.variant", { variant })].filter(Boolean).join(" · ")}
        </Text>
      )}
    </>
  );
}
