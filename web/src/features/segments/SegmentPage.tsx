import { Anchor, Button, Group, Modal, Skeleton, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconArrowLeft, IconCode, IconCopy, IconPencil, IconTrash, IconUsersGroup } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { ApiError } from "../../api/client";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import type { Overlap as Shared, SegmentDetail } from "../../segment/api";
import { segmentsQuery } from "../../segment/queries";
import { Sentence } from "../../segment/Sentence";
import { useSpeech } from "../../segment/useSpeech";
import { useFormat } from "../../ui/FormatContext";
import { Card, Page } from "../../ui/Page";
import { Answer, Empty } from "../../ui/states";
import { JsonView } from "./JsonView";
import { Members } from "./Members";
import { segmentQuery, useRemoveSegment } from "./queries";
import classes from "./Segments.module.css";
import { SegmentState } from "./SegmentState";
import { SizeChart } from "./SizeChart";

const route = getRouteApi("/shell/segments/$segmentId");

/** One segment: what it says, how many and who is in it, how it went. */
export function SegmentPage() {
  const { t } = useTranslation();
  const { segmentId } = route.useParams();
  const segment = useQuery(segmentQuery(segmentId));
  const isGone = segment.error instanceof ApiError && segment.error.status === 404;
  const mayEdit = may(useMe().role, "edit_definitions");
  return (
    <Page
      title={isGone ? t("segments.gone.title") : (segment.data?.name ?? t("segments.title"))}
      subtitle={
        <Anchor size="sm" renderRoot={(props) => <Link to="/segments" {...props} />}>
          <IconArrowLeft size={13} aria-hidden style={{ verticalAlign: "-2px", marginRight: 4 }} />
          {t("segments.back")}
        </Anchor>
      }
      actions={segment.data && !isGone && mayEdit && <Actions segment={segment.data} />}
    >
      {isGone ? (
        <Card>
          <Empty icon={IconUsersGroup} title={t("segments.gone.title")} hint={t("segments.gone.hint")} />
        </Card>
      ) : (
        <Answer query={segment} skeleton={<DetailSkeleton />}>
          {(detail) => <Detail segment={detail} />}
        </Answer>
      )}
    </Page>
  );
}

function Detail({ segment }: { segment: SegmentDetail }) {
  const { t } = useTranslation();
  const format = useFormat();
  const speech = useSpeech();
  const isComputed = segment.state === "live" || segment.is_changing;
  return (
    <Stack gap="md">
      <Card>
        <p className={classes.sentence} data-sentence>
          <Sentence rule={segment.rule} speech={speech} />
        </p>
        {segment.description && (
          <Text size="sm" c="dimmed" mt={6} style={{ whiteSpace: "pre-line" }}>
            {segment.description}
          </Text>
        )}
        <dl className={classes.figures}>
          <div>
            <dt>{t("segments.size")}</dt>
            <dd>{isComputed ? format.integer(segment.size) : t("ui.none")}</dd>
          </div>
          <div>
            <dt>{t("segments.entered_7d")}</dt>
            <dd className={classes.came}>{format.signed(segment.entered_7d)}</dd>
          </div>
          <div>
            <dt>{t("segments.left_7d")}</dt>
            <dd className={classes.went}>{format.signed(-segment.left_7d)}</dd>
          </div>
          <div className={classes.state}>
            <dt>{t("segments.column.state")}</dt>
            <dd style={{ fontSize: "inherit" }}>
              <SegmentState segment={segment} />
            </dd>
          </div>
        </dl>
      </Card>
      <div className={classes.columns}>
        <div className={classes.column}>
          <SizeChart history={segment.history} />
          <Members segment={segment} isComputed={isComputed} />
        </div>
        <div className={classes.column}>
          <Overlap of={segment.size} overlap={segment.overlap} />
          <About segment={segment} />
        </div>
      </div>
    </Stack>
  );
}

/** Which other segments its people are in too. */
function Overlap({ of, overlap }: { of: number; overlap: Shared[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <Card title={t("segments.overlap")} hint={t("segments.overlap_hint")}>
      {overlap.length === 0 && (
        <Text size="sm" c="dimmed">
          {t("segments.overlap_none")}
        </Text>
      )}
      {overlap.map(({ segment_id, name, profiles }) => (
        <div key={segment_id} className={classes.overlap}>
          <Anchor
            size="sm"
            renderRoot={(props) => <Link to="/segments/$segmentId" params={{ segmentId: segment_id }} {...props} />}
          >
            {name}
          </Anchor>
          <span className="num">
            {format.integer(profiles)} · {format.percent(of === 0 ? 0 : profiles / of)}
          </span>
          <div className={classes.track} aria-hidden>
            <div className={classes.bar} style={{ width: `${of === 0 ? 0 : Math.min(100, (100 * profiles) / of)}%` }} />
          </div>
        </div>
      ))}
    </Card>
  );
}

function About({ segment }: { segment: SegmentDetail }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [isJson, json] = useDisclosure(false);
  return (
    <Card title={t("segments.about")}>
      <div className={classes.pair}>
        <span>{t("segments.column.used_by")}</span>
        <span>
          <UsedBy ids={segment.used_by} />
        </span>
      </div>
      <div className={classes.pair}>
        <span>{t("segments.column.changed")}</span>
        <span>
          {format.dateTime(segment.changed_at)}
          <Text size="xs" c="dimmed">
            {segment.changed_by}
          </Text>
        </span>
      </div>
      <div className={classes.pair}>
        <span>{t("segments.version")}</span>
        <span className="num">{segment.version}</span>
      </div>
      <div className={classes.pair}>
        <span>{t("segments.id")}</span>
        <code>{segment.segment_id}</code>
      </div>
      <div className={classes.pair}>
        <span>{t("segments.field.tz")}</span>
        <span>{segment.tz}</span>
      </div>
      <Button
        size="compact-xs"
        variant="subtle"
        mt="xs"
        leftSection={<IconCode size={14} aria-hidden />}
        aria-expanded={isJson}
        onClick={json.toggle}
      >
        {t("segments.json.toggle")}
      </Button>
      {isJson && <JsonView rule={segment.rule} />}
    </Card>
  );
}

function UsedBy({ ids }: { ids: string[] }) {
  const { t } = useTranslation();
  const { data } = useQuery({ ...segmentsQuery, refetchInterval: false });
  if (ids.length === 0) return t("ui.none");
  const names = new Map(data?.segments.map(({ segment_id, name }) => [segment_id, name]));
  return ids.map((id) => (
    <Anchor
      key={id}
      size="sm"
      display="block"
      renderRoot={(props) => <Link to="/segments/$segmentId" params={{ segmentId: id }} {...props} />}
    >
      {names.get(id) ?? id}
    </Anchor>
  ));
}

function Actions({ segment }: { segment: SegmentDetail }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [isRemoving, dialog] = useDisclosure(false);
  const remove = useRemoveSegment(() => void navigate({ to: "/segments" }));
  const isUsed = 0 < segment.used_by.length;
  const { segment_id: segmentId } = segment;
  return (
    <>
      <Button
        size="xs"
        leftSection={<IconPencil size={15} aria-hidden />}
        renderRoot={(props) => <Link to="/segments/$segmentId/edit" params={{ segmentId }} {...props} />}
      >
        {t("segments.edit")}
      </Button>
      <Button
        size="xs"
        variant="default"
        leftSection={<IconCopy size={15} aria-hidden />}
        renderRoot={(props) => <Link to="/segments/new" search={{ copy: segmentId }} {...props} />}
      >
        {t("segments.copy")}
      </Button>
      <Button size="xs" variant="default" leftSection={<IconTrash size={15} aria-hidden />} onClick={dialog.open}>
        {t("segments.remove.action")}
      </Button>
      <Modal opened={isRemoving} onClose={dialog.close} title={t("segments.remove.title", { name: segment.name })}>
        <Stack gap="md">
          <Text size="sm">{t(isUsed ? "segments.remove.used" : "segments.remove.question")}</Text>
          {isUsed && (
            <div>
              <UsedBy ids={segment.used_by} />
            </div>
          )}
          <Group gap="xs" justify="flex-end">
            <Button variant="default" onClick={dialog.close} data-autofocus>
              {t("ui.cancel")}
            </Button>
            <Button
              color="red"
              disabled={isUsed}
              loading={remove.isPending}
              onClick={() => remove.mutate(segment.segment_id)}
            >
              {t("segments.remove.confirm")}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}

function DetailSkeleton() {
  return (
    <Stack gap="md">
      <Skeleton height={140} radius="lg" />
      <div className={classes.columns}>
        <Skeleton height={420} radius="lg" />
        <Skeleton height={260} radius="lg" />
      </div>
    </Stack>
  );
}
