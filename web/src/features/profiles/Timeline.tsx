import { Anchor, Button, Center, SegmentedControl, ThemeIcon } from "@mantine/core";
import {
  IconBolt,
  IconCar,
  IconEye,
  IconFileDescription,
  IconHistoryOff,
  IconPhone,
  IconUserCheck,
  IconUsersGroup,
  type Icon,
} from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import type { TimelineItem, TimelineKind } from "../../api/types";
import { clauseText, type Speech } from "../../segment/sentence";
import { useSpeech } from "../../segment/useSpeech";
import type { Format } from "../../ui/format";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { Answer, Empty, RowsSkeleton } from "../../ui/states";
import classes from "./Profiles.module.css";
import { timelineQuery } from "./queries";
import { KINDS } from "./search";
import { byDay, momentSort, place, runOf, turnOf, type MomentSort, type Turn } from "./timeline";

const LOOKS: Record<MomentSort, { icon: Icon; color: string }> = {
  visit: { icon: IconEye, color: "gray" },
  call: { icon: IconPhone, color: "blue" },
  lead: { icon: IconFileDescription, color: "petrol" },
  order: { icon: IconCar, color: "amber" },
  known: { icon: IconUserCheck, color: "violet" },
  segment: { icon: IconUsersGroup, color: "green" },
  other: { icon: IconBolt, color: "gray" },
};

/** Everything a person did, newest first, whatever it came through. */
export function Timeline({
  profileId,
  kind,
  onKind,
}: {
  profileId: string;
  kind: TimelineKind;
  onKind: (kind: TimelineKind) => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const timeline = useInfiniteQuery(timelineQuery(profileId, kind));
  return (
    <Card title={t("profiles.timeline.title")}>
      <SegmentedControl
        size="xs"
        mb="md"
        aria-label={t("profiles.timeline.filter")}
        data={KINDS.map((value) => ({ value, label: t(`profiles.timeline.kind.${value}`) }))}
        value={kind}
        onChange={(value) => onKind(KINDS.find((known) => known === value) ?? "all")}
      />
      <Answer query={timeline} skeleton={<RowsSkeleton rows={9} height={28} />}>
        {({ pages }) => {
          const days = byDay(
            pages.flatMap(({ items }) => items),
            format.dayOf,
          );
          if (days.length === 0) return <Empty icon={IconHistoryOff} title={t("profiles.timeline.empty")} />;
          return (
            <>
              {days.map(({ day, items }) => (
                <section key={day}>
                  <h3 className={classes.day}>{format.dayLong(day)}</h3>
                  <ol className={classes.moments}>
                    {items.map((item) => (
                      <Moment key={`${item.offset} ${item.message_id}`} item={item} />
                    ))}
                  </ol>
                </section>
              ))}
              {timeline.hasNextPage && (
                <Center mt="md">
                  <Button
                    variant="default"
                    size="xs"
                    loading={timeline.isFetchingNextPage}
                    onClick={() => void timeline.fetchNextPage()}
                  >
                    {t("profiles.timeline.earlier")}
                  </Button>
                </Center>
              )}
            </>
          );
        }}
      </Answer>
    </Card>
  );
}

function Moment({ item }: { item: TimelineItem }) {
  const { t } = useTranslation();
  const format = useFormat();
  const speech = useSpeech();
  const { icon: Picture, color } = LOOKS[momentSort(item)];
  const turn = turnOf(item);
  const run = runOf(item);
  return (
    <li className={classes.moment}>
      <ThemeIcon size={30} radius="xl" variant="light" color={color}>
        <Picture size={16} stroke={1.7} aria-hidden />
      </ThemeIcon>
      <div>
        <div className={classes.what}>
          {turn
            ? t(turn.way === "entered" ? "profiles.timeline.entered" : "profiles.timeline.left", {
                segment: turn.segment,
              })
            : label("event", item.event || item.type)}
        </div>
        <div className={classes.detail}>
          {run && (
            <Anchor
              size="sm"
              renderRoot={(props) => (
                <Link
                  to="/journeys/$journeyId/runs/$runId"
                  params={{ journeyId: run.journeyId, runId: run.runId }}
                  {...props}
                />
              )}
            >
              {run.journey}
            </Anchor>
          )}
          {turn
            ? reason(turn, speech)
            : run
              ? null
              : details(item, format, t("profiles.timeline.through", { source: item.source })).join(" · ")}
        </div>
      </div>
      <time className={classes.when} dateTime={item.ts}>
        {format.time(item.ts)}
      </time>
    </li>
  );
}

/** Why somebody came or went: who comes meets all that decided, who goes meets none of it. */
function reason({ way, because }: Turn, speech: Speech): string {
  if (because.length === 0) return "";
  return way === "entered"
    ? speech.t("profiles.timeline.because_entered", { clauses: clauseText({ if: "all", rules: because }, speech) })
    : speech.t("profiles.timeline.because_left", { clauses: clauseText({ if: "any", rules: because }, speech) });
}

/** The few facts that tell this moment from others of its sort. */
function details(item: TimelineItem, format: Format, through: string): string[] {
  const { properties } = item;
  const text = (name: string) => (typeof properties[name] === "string" ? properties[name] : null);
  const seconds = properties.duration_s;
  return [
    place(item),
    item.model,
    item.value === null ? null : format.money(item.value, item.currency),
    typeof seconds === "number" ? format.duration(seconds) : null,
    text("result") && label("call", text("result") ?? ""),
    item.dealer,
    item.channel && label("channel", item.channel),
    item.campaign ?? item.utm_source,
    through,
  ].filter((fact): fact is string => Boolean(fact));
}
