import { Alert, Anchor, Button, Code, Drawer, Group, Stack, Text } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import type { DeliveryAttempt } from "../../api/types";
import { Channel } from "../../message/Channel";
import { reasonText } from "../../message/reason";
import { useFormat } from "../../ui/FormatContext";
import { Answer, RowsSkeleton } from "../../ui/states";
import classes from "./Deliveries.module.css";
import { deliveryQuery, useRetryMessages } from "./queries";
import type { Message, MessageDetail } from "./search";
import { StateBadge } from "./StateBadge";

/** One message: what it says, and every attempt to say it. */
export function DeliveryDrawer({ messageId, onClose }: { messageId: string; onClose: () => void }) {
  const { t } = useTranslation();
  const delivery = useQuery(deliveryQuery(messageId));
  return (
    <Drawer opened onClose={onClose} position="right" size="lg" title={t("deliveries.message")}>
      <Answer query={delivery} skeleton={<RowsSkeleton rows={5} />}>
        {(detail) => <Detail detail={detail} />}
      </Answer>
    </Drawer>
  );
}

function Detail({ detail }: { detail: MessageDetail }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { message, attempts } = detail;
  return (
    <Stack gap="md">
      <Group gap="xs">
        <StateBadge state={message.state} />
        <Channel of={message.message_channel} />
        <Text size="sm" c="dimmed">
          {format.dateTime(message.admitted_at)}
        </Text>
      </Group>
      {message.reason && <Text size="sm">{reasonText(t, message.reason)}</Text>}
      <Text size="sm">
        {t("deliveries.to", { to: message.recipient })}
        {detail.profile_id && (
          <>
            {" · "}
            <Anchor component={Link} to={`/profiles/${detail.profile_id}`} size="sm">
              {message.phone}
            </Anchor>
          </>
        )}
      </Text>
      <Moments message={message} />
      <Code block className={classes.wire}>
        {pretty(detail.body)}
      </Code>
      {message.may_be_retried && <RetryOne message={message} />}
      <Text size="sm" fw={600}>
        {t("deliveries.attempts", { count: attempts.length })}
      </Text>
      {attempts.length === 0 && (
        <Text size="sm" c="dimmed">
          {t("deliveries.no_attempts")}
        </Text>
      )}
      {attempts.toReversed().map((attempt) => (
        <Attempt key={`${attempt.round}-${attempt.number}`} attempt={attempt} />
      ))}
    </Stack>
  );
}

/** For what it is sent, and what the person did with it. */
function Moments({ message }: { message: Message }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { purpose, variant, due_at, read_at, clicked_at } = message;
  const lines = [
    purpose && t("deliveries.purpose", { purpose }),
    variant && t("deliveries.variant", { variant }),
    due_at && t("deliveries.due", { time: format.dateTime(due_at) }),
    read_at && t("deliveries.read", { time: format.dateTime(read_at) }),
    clicked_at && t("deliveries.clicked", { time: format.dateTime(clicked_at) }),
  ].filter(Boolean);
  if (lines.length === 0) return null;
  return (
    <Text size="sm" c="dimmed">
      {lines.join(" · ")}
    </Text>
  );
}

function RetryOne({ message }: { message: Message }) {
  const { t } = useTranslation();
  const { role } = useMe();
  const retry = useRetryMessages();
  const [asking, setAsking] = useState<"no" | "yes">("no");
  if (!may(role, "retry_deliveries")) return null;
  const go = () => {
    setAsking("no");
    retry.mutate({ message_ids: [message.message_id] });
  };
  if (message.state === "unknown" && asking === "yes")
    return (
      <Alert color="amber" variant="light">
        <Stack gap="sm">
          {t("deliveries.retry.sure_unknown")}
          <Group gap="xs">
            <Button size="xs" color="red" onClick={go}>
              {t("deliveries.retry.action")}
            </Button>
            <Button size="xs" variant="default" onClick={() => setAsking("no")}>
              {t("ui.cancel")}
            </Button>
          </Group>
        </Stack>
      </Alert>
    );
  return (
    <Group>
      <Button
        size="xs"
        leftSection={<IconRefresh size={14} aria-hidden />}
        loading={retry.isPending}
        onClick={message.state === "unknown" ? () => setAsking("yes") : go}
      >
        {t("deliveries.retry.action")}
      </Button>
    </Group>
  );
}

function Attempt({ attempt }: { attempt: DeliveryAttempt }) {
  const { t } = useTranslation();
  const format = useFormat();
  const result = attempt.result ?? "running";
  return (
    <div className={classes.attempt}>
      <Group justify="space-between" gap="xs">
        <Text size="sm" fw={600}>
          {t(`deliveries.result.${result}`, { defaultValue: result })}
          {attempt.status !== null && ` · ${attempt.status}`}
        </Text>
        <Text size="xs" c="dimmed" className="num">
          {format.dateTime(attempt.started_at)}
          {attempt.duration_ms !== null && ` · ${format.integer(attempt.duration_ms)} ms`}
        </Text>
      </Group>
      {attempt.detail && <Text size="sm">{attempt.detail}</Text>}
      {attempt.retry_at && (
        <Text size="xs" c="dimmed">
          {t("deliveries.next_attempt", { time: format.dateTime(attempt.retry_at) })}
        </Text>
      )}
      <Text size="xs" c="dimmed" mt="xs">
        {t("deliveries.request")}
      </Text>
      <Code block className={classes.wire}>
        {attempt.request}
      </Code>
      {attempt.answer && (
        <>
          <Text size="xs" c="dimmed" mt="xs">
            {t("deliveries.answer")}
          </Text>
          <Code block className={classes.wire}>
            {attempt.answer}
          </Code>
        </>
      )}
    </div>
  );
}

function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    // An SMS is its text.
    return body;
  }
}
