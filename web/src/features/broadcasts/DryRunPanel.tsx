import { Alert, Button, Group, Modal, Skeleton, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPlayerPlay, IconShieldCheck } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useMe } from "../../api/session";
import { Channel } from "../../message/Channel";
import { reasonText } from "../../message/reason";
import { useSettled } from "../../report/useSettled";
import { errorText } from "../../ui/errorText";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import type { Broadcast, DryRun } from "./api";
import classes from "./Builder.module.css";
import { canAsk, type Draft } from "./draft";
import { dryRunQuery } from "./queries";
import { broadcastText } from "./sentence";
import { useBroadcastSpeech } from "./useBroadcastSpeech";

/** The broadcast read aloud, what would come of it, and the way to begin. */
export function DryRunPanel({
  draft,
  broadcast,
  zone,
  isStarting,
  isWhole,
  onStart,
}: {
  draft: Draft;
  broadcast: Broadcast;
  zone: string;
  isStarting: boolean;
  isWhole: () => boolean;
  onStart: () => void;
}) {
  const { t } = useTranslation();
  const speech = useBroadcastSpeech();
  const [isAsking, dialog] = useDisclosure(false);
  // A name changes nothing of what would come of it.
  const asked = canAsk(draft, zone, new Date())
    ? { ...broadcast, broadcast_id: draft.id || "dry-run", name: "-" }
    : null;
  const settled = useSettled(asked);
  const run = useQuery(dryRunQuery(settled));
  const isWaiting = run.isFetching || JSON.stringify(settled) !== JSON.stringify(asked);
  return (
    <div className={classes.side}>
      <Card title={t("broadcasts.reads.title")}>
        {broadcastText(broadcast, speech).map((line) => (
          <p key={line} className={classes.reads}>
            {line}
          </p>
        ))}
      </Card>
      <Card title={t("broadcasts.dry_run.title")} hint={t("broadcasts.dry_run.hint")}>
        <div aria-live="polite" className={classes.dryRun} data-stale={isWaiting}>
          {asked === null ? (
            <Text size="sm" c="dimmed">
              {t("broadcasts.dry_run.unfinished")}
            </Text>
          ) : run.isError && !isWaiting ? (
            <Text size="sm" c="var(--fc-bad)" role="alert">
              {errorText(t, run.error)}
            </Text>
          ) : run.data ? (
            <Found run={run.data} />
          ) : (
            <div aria-busy="true">
              <Skeleton height={32} width={140} mb="sm" />
              <Skeleton height={14} mb={8} />
              <Skeleton height={14} width="70%" />
            </div>
          )}
        </div>
        <Button
          fullWidth
          mt="md"
          leftSection={<IconPlayerPlay size={16} aria-hidden />}
          loading={isStarting}
          onClick={() => isWhole() && dialog.open()}
        >
          {t(broadcast.starts_at === null ? "broadcasts.start.now" : "broadcasts.start.at")}
        </Button>
      </Card>
      <StartDialog
        opened={isAsking}
        broadcast={broadcast}
        run={asked !== null && !run.isError ? run.data : undefined}
        onClose={dialog.close}
        onStart={() => {
          dialog.close();
          onStart();
        }}
      />
    </div>
  );
}

/** Messages by channel, over all variants. */
function byChannel(by: DryRun["by"]) {
  const sums = new Map<DryRun["by"][number]["message_channel"], number>();
  for (const { message_channel, messages } of by)
    sums.set(message_channel, (sums.get(message_channel) ?? 0) + messages);
  return [...sums].map(([channel, messages]) => ({ channel, messages })).sort((a, b) => b.messages - a.messages);
}

const refusedOf = ({ refused }: DryRun) => refused.reduce((sum, { people }) => sum + people, 0);

function Found({ run }: { run: DryRun }) {
  const { t } = useTranslation();
  const format = useFormat();
  const channels = byChannel(run.by);
  const most = Math.max(1, ...channels.map(({ messages }) => messages));
  const told = [...run.refused, ...run.postponed].map(({ people }) => people);
  const mostTold = Math.max(1, ...told);
  return (
    <>
      <div className={classes.size} data-people={run.people}>
        {format.integer(run.people)}
      </div>
      <Text size="sm" c="dimmed">
        {t("broadcasts.dry_run.people")}
      </Text>
      {run.sampled < run.people && (
        <Text size="xs" c="dimmed">
          {t("broadcasts.dry_run.sampled", { sampled: format.integer(run.sampled) })}
        </Text>
      )}
      <Part title={t("broadcasts.dry_run.messages")}>
        {channels.length === 0 && <Text size="sm">{t("broadcasts.dry_run.nothing")}</Text>}
        {channels.map(({ channel, messages }) => (
          <Bar key={channel} name={<Channel of={channel} />} value={messages} of={most} kind="good" />
        ))}
      </Part>
      {0 < run.refused.length && (
        <Part title={t("broadcasts.dry_run.refused")}>
          {run.refused.map(({ reason, people }) => (
            <Bar key={reason} name={reasonText(t, reason)} value={people} of={mostTold} kind="bad" />
          ))}
        </Part>
      )}
      {0 < run.postponed.length && (
        <Part title={t("broadcasts.dry_run.postponed")}>
          {run.postponed.map(({ reason, people }) => (
            <Bar key={reason} name={reasonText(t, reason)} value={people} of={mostTold} kind="late" />
          ))}
        </Part>
      )}
      {0 < run.holdout && (
        <Text size="sm" mt="sm">
          {t("broadcasts.dry_run.holdout", { count: run.holdout, people: format.integer(run.holdout) })}
        </Text>
      )}
    </>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={classes.part}>
      <h3>{title}</h3>
      {children}
    </section>
  );
}

function Bar({ name, value, of, kind }: { name: ReactNode; value: number; of: number; kind: "good" | "bad" | "late" }) {
  const format = useFormat();
  return (
    <div className={classes.bar} data-kind={kind}>
      <span>{name}</span>
      <span className="num">{format.integer(value)}</span>
      <div aria-hidden>
        <div style={{ width: `${(100 * value) / of}%` }} />
      </div>
    </div>
  );
}

/** Says the numbers once more before anything goes out. */
function StartDialog({
  opened,
  broadcast,
  run,
  onClose,
  onStart,
}: {
  opened: boolean;
  broadcast: Broadcast;
  run: DryRun | undefined;
  onClose: () => void;
  onStart: () => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const { installation } = useMe();
  const { starts_at: startsAt } = broadcast;
  // To each person one of them goes out first.
  const reached = run?.by.reduce((sum, each) => sum + each.messages, 0) ?? 0;
  const postponed = run?.postponed.reduce((sum, { people }) => sum + people, 0) ?? 0;
  const hasNext = broadcast.variants.some(({ chain }) => 1 < chain.length);
  return (
    <Modal opened={opened} onClose={onClose} title={t("broadcasts.start.title", { name: broadcast.name })}>
      <Stack gap="sm">
        {run ? (
          <>
            <Text>{t("broadcasts.start.people", { count: reached, people: format.integer(reached) })}</Text>
            <Text size="sm" c="dimmed">
              {byChannel(run.by)
                .map(({ channel, messages }) => `${t(`message.channel.${channel}`)}: ${format.integer(messages)}`)
                .join(" · ")}
            </Text>
            {hasNext && <Text size="sm">{t("broadcasts.start.next")}</Text>}
            {0 < postponed && (
              <Text size="sm">
                {t("broadcasts.start.postponed", { count: postponed, people: format.integer(postponed) })}
              </Text>
            )}
            {run.sampled < run.people && (
              <Text size="sm" c="dimmed">
                {t("broadcasts.dry_run.sampled", { sampled: format.integer(run.sampled) })}
              </Text>
            )}
            {0 < refusedOf(run) && (
              <Text size="sm">
                {t("broadcasts.start.refused", { count: refusedOf(run), people: format.integer(refusedOf(run)) })}
              </Text>
            )}
          </>
        ) : (
          <Text>{t("broadcasts.start.unknown")}</Text>
        )}
        <Text size="sm">
          {startsAt === null
            ? t("broadcasts.start.begins_now")
            : t("broadcasts.start.begins_at", { time: format.dateTime(startsAt) })}
        </Text>
        {installation.safe_mode && (
          <Alert color="amber" variant="light" icon={<IconShieldCheck aria-hidden />}>
            {t("broadcasts.start.safe_mode")}
          </Alert>
        )}
        <Group gap="xs" justify="flex-end" mt="xs">
          <Button variant="default" onClick={onClose} data-autofocus>
            {t("ui.cancel")}
          </Button>
          <Button leftSection={<IconPlayerPlay size={15} aria-hidden />} onClick={onStart}>
            {t(startsAt === null ? "broadcasts.start.confirm" : "broadcasts.start.confirm_at")}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
