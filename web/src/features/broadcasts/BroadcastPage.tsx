import { Button, Group, Modal, Progress, Skeleton, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import {
  IconCopy,
  IconDownload,
  IconMailForward,
  IconPencil,
  IconPlayerPause,
  IconPlayerPlay,
  IconPlayerStop,
  IconSpeakerphone,
} from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { ApiError } from "../../api/client";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import { SegmentPicker } from "../../report/SegmentPicker";
import { saveCsv } from "../../ui/csv";
import { useFormat } from "../../ui/FormatContext";
import { Card, Page } from "../../ui/Page";
import { Answer, Empty } from "../../ui/states";
import type { BroadcastItem, BroadcastReport } from "./api";
import classes from "./Broadcasts.module.css";
import { isUnderWay, StateBadge } from "./BroadcastState";
import { BackLink, DraftPage } from "./BuilderPage";
import { Clicks, OverTime, Reach, Reasons, StepTable, VariantTable } from "./Report";
import { broadcastQuery, reportQuery, useStep } from "./queries";
import { reportCsv } from "./reportCsv";
import { broadcastText } from "./sentence";
import { useBroadcastSpeech } from "./useBroadcastSpeech";

const route = getRouteApi("/shell/broadcasts/$broadcastId");

/** One broadcast: before it begins its builder, after that what comes of it. */
export function BroadcastPage() {
  const { t } = useTranslation();
  const { broadcastId } = route.useParams();
  const broadcast = useQuery(broadcastQuery(broadcastId));
  const mayEdit = may(useMe().role, "edit_definitions");
  const isGone = broadcast.error instanceof ApiError && broadcast.error.status === 404;
  if (broadcast.data?.state === "draft" && mayEdit && !isGone) return <DraftPage broadcast={broadcast.data} />;
  return (
    <Page
      title={isGone ? t("broadcasts.gone.title") : (broadcast.data?.name ?? t("broadcasts.title"))}
      subtitle={
        <Group gap="md">
          <BackLink />
          {broadcast.data && !isGone && <StateBadge state={broadcast.data.state} />}
        </Group>
      }
      actions={broadcast.data && !isGone && <Actions broadcast={broadcast.data} mayEdit={mayEdit} />}
    >
      {isGone ? (
        <Card>
          <Empty icon={IconSpeakerphone} title={t("broadcasts.gone.title")} hint={t("broadcasts.gone.hint")} />
        </Card>
      ) : (
        <Answer query={broadcast} skeleton={<DetailSkeleton />}>
          {(item) => (
            <Stack gap="md">
              <Head broadcast={item} />
              {item.state !== "scheduled" && item.state !== "draft" && <Came broadcast={item} />}
            </Stack>
          )}
        </Answer>
      )}
    </Page>
  );
}

/** What it is, and how far. */
function Head({ broadcast }: { broadcast: BroadcastItem }) {
  const { t } = useTranslation();
  const format = useFormat();
  const speech = useBroadcastSpeech();
  const { state, percent, starts_at, started_at, ended_at } = broadcast;
  const times = [
    state === "scheduled" && starts_at ? { name: t("broadcasts.time.starts"), at: starts_at } : null,
    started_at ? { name: t("broadcasts.time.started"), at: started_at } : null,
    ended_at ? { name: t("broadcasts.time.ended"), at: ended_at } : null,
  ].filter((time) => time !== null);
  return (
    <Card>
      <div className={classes.head}>
        <div>
          {broadcastText(broadcast, speech, started_at ? "begun" : "to_come").map((line) => (
            <p key={line} className={classes.sentence}>
              {line}
            </p>
          ))}
        </div>
        <div className={classes.progress}>
          {isUnderWay(broadcast) && (
            <div>
              <Text size="sm" mb={4} fw={600} aria-live="polite">
                {t(state === "paused" ? "broadcasts.progress.paused" : "broadcasts.progress.sending", {
                  percent: format.percent(percent / 100),
                })}
              </Text>
              <Progress
                value={Math.max(2, percent)}
                animated={state === "sending"}
                striped={state === "sending"}
                color={state === "paused" ? "amber" : undefined}
                aria-label={t("broadcasts.column.state")}
              />
            </div>
          )}
          <dl className={classes.times}>
            {times.map(({ name, at }) => (
              <div key={name} style={{ display: "contents" }}>
                <dt>{name}</dt>
                <dd className="num">{format.dateTime(at)}</dd>
              </div>
            ))}
            <dt>{t("broadcasts.time.changed_by")}</dt>
            <dd>{broadcast.changed_by}</dd>
          </dl>
        </div>
      </div>
    </Card>
  );
}

/** What came of it, followed while it goes on. */
function Came({ broadcast }: { broadcast: BroadcastItem }) {
  const { segment } = route.useSearch();
  const navigate = route.useNavigate();
  const { t } = useTranslation();
  const format = useFormat();
  const report = useQuery(reportQuery(broadcast.broadcast_id, segment, broadcast.state));
  // Times and links are not counted for one segment.
  const isOfAll = segment === undefined;
  const definition = `broadcast:${broadcast.broadcast_id}`;
  return (
    <Answer query={report} skeleton={<DetailSkeleton />}>
      {(told) => (
        <div className={classes.stale} data-stale={report.isPlaceholderData}>
          <Stack gap="md">
            <Card
              title={t("broadcasts.report.reach")}
              hint={`${t("broadcasts.report.of_before")} · ${t("report.as_of", { time: format.dateTime(told.as_of) })}`}
              actions={
                <Group gap="xs">
                  <SegmentPicker
                    shape="inline"
                    value={segment}
                    onChange={(segment) => void navigate({ search: segment ? { segment } : {}, replace: true })}
                  />
                  <CsvButton broadcast={broadcast} report={told} />
                </Group>
              }
            >
              <Reach counts={told.counts} definition={definition} />
            </Card>
            <div className={classes.columns}>
              <div className={classes.column}>
                {isOfAll && <OverTime report={told} />}
                <StepTable report={told} />
                {(1 < told.variants.length || told.holdout) && <VariantTable report={told} />}
              </div>
              <div className={classes.column}>
                <Reasons report={told} />
                {isOfAll && <Clicks clicks={told.clicks} />}
              </div>
            </div>
          </Stack>
        </div>
      )}
    </Answer>
  );
}

function CsvButton({ broadcast, report }: { broadcast: BroadcastItem; report: BroadcastReport }) {
  const { t } = useTranslation();
  const { template } = useBroadcastSpeech();
  return (
    <Button
      size="xs"
      variant="default"
      leftSection={<IconDownload size={15} aria-hidden />}
      onClick={() =>
        saveCsv(
          `${broadcast.broadcast_id}.csv`,
          reportCsv(t, report, (id) => template(id)?.name ?? id),
        )
      }
    >
      {t("broadcasts.csv")}
    </Button>
  );
}

function Actions({ broadcast, mayEdit }: { broadcast: BroadcastItem; mayEdit: boolean }) {
  const { t } = useTranslation();
  const [isCancelling, dialog] = useDisclosure(false);
  const { role } = useMe();
  const step = useStep();
  const { broadcast_id: id, state, name } = broadcast;
  const go = (wish: "pause" | "resume" | "cancel") => step.mutate({ id, step: wish });
  const isOpen = state === "scheduled" || isUnderWay(broadcast);
  return (
    <>
      {mayEdit && state === "scheduled" && (
        <Button
          size="xs"
          leftSection={<IconPencil size={15} aria-hidden />}
          loading={step.isPending}
          onClick={() => go("pause")}
        >
          {t("broadcasts.step.back_to_draft")}
        </Button>
      )}
      {mayEdit && state === "sending" && (
        <Button
          size="xs"
          variant="default"
          leftSection={<IconPlayerPause size={15} aria-hidden />}
          loading={step.isPending}
          onClick={() => go("pause")}
        >
          {t("broadcasts.step.pause")}
        </Button>
      )}
      {mayEdit && state === "paused" && (
        <Button
          size="xs"
          leftSection={<IconPlayerPlay size={15} aria-hidden />}
          loading={step.isPending}
          onClick={() => go("resume")}
        >
          {t("broadcasts.step.resume")}
        </Button>
      )}
      {mayEdit && isOpen && (
        <Button
          size="xs"
          variant="default"
          leftSection={<IconPlayerStop size={15} aria-hidden />}
          onClick={dialog.open}
        >
          {t("broadcasts.step.cancel")}
        </Button>
      )}
      {may(role, "see_deliveries") && state !== "scheduled" && (
        <Button
          size="xs"
          variant="default"
          leftSection={<IconMailForward size={15} aria-hidden />}
          renderRoot={(props) => <Link to="/deliveries" search={{ definition: `broadcast:${id}` }} {...props} />}
        >
          {t("broadcasts.to_deliveries")}
        </Button>
      )}
      {mayEdit && (
        <Button
          size="xs"
          variant="default"
          leftSection={<IconCopy size={15} aria-hidden />}
          renderRoot={(props) => <Link to="/broadcasts/new" search={{ copy: id }} {...props} />}
        >
          {t("broadcasts.copy")}
        </Button>
      )}
      <Modal opened={isCancelling} onClose={dialog.close} title={t("broadcasts.cancel.title", { name })}>
        <Text size="sm" mb="md">
          {t("broadcasts.cancel.question")}
        </Text>
        <Group gap="xs" justify="flex-end">
          <Button variant="default" onClick={dialog.close} data-autofocus>
            {t("broadcasts.cancel.keep")}
          </Button>
          <Button
            color="red"
            loading={step.isPending}
            onClick={() => {
              dialog.close();
              go("cancel");
            }}
          >
            {t("broadcasts.cancel.confirm")}
          </Button>
        </Group>
      </Modal>
    </>
  );
}

function DetailSkeleton() {
  return (
    <Stack gap="md">
      <Skeleton height={120} radius="lg" />
      <Skeleton height={230} radius="lg" />
      <div className={classes.columns}>
        <Skeleton height={320} radius="lg" />
        <Skeleton height={240} radius="lg" />
      </div>
    </Stack>
  );
}
