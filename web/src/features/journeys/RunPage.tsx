import { Anchor, Button, Group, Skeleton } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconArrowLeft, IconRoute, IconUser } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../../api/client";
import { useFormat } from "../../ui/FormatContext";
import { Card, Page } from "../../ui/Page";
import { Answer, Empty } from "../../ui/states";
import type { RunDetail } from "./api";
import { BenchProvider, type Bench } from "./bench";
import { Canvas } from "./Canvas";
import { placed } from "./graph";
import classes from "./Journeys.module.css";
import { isHeap, laidOut } from "./layout";
import { litBy, PathTimeline } from "./PathTimeline";
import { RunBadge } from "./PeopleTab";
import { runQuery } from "./queries";
import { codeText } from "./sentence";
import { useJourneySpeech } from "./useJourneySpeech";

const route = getRouteApi("/shell/journeys/$journeyId/runs/$runId");

/** One person's way through a journey. */
export function RunPage() {
  const { t } = useTranslation();
  const { journeyId, runId } = route.useParams();
  const run = useQuery(runQuery(runId));
  const isGone = run.error instanceof ApiError && run.error.status === 404;
  const name = run.data?.name ?? t("journeys.people.nameless");
  const title = run.data ? t("journeys.run.title", { name, journey: run.data.journey.name }) : t("journeys.title");
  return (
    <Page
      title={isGone ? t("journeys.run.gone.title") : title}
      subtitle={
        <Group gap="md">
          <Anchor
            size="sm"
            renderRoot={(props) => (
              <Link to="/journeys/$journeyId" params={{ journeyId }} search={{ tab: "people" }} {...props} />
            )}
          >
            <IconArrowLeft size={13} aria-hidden style={{ verticalAlign: "-2px", marginRight: 4 }} />
            {t("journeys.run.back")}
          </Anchor>
          {run.data && <RunBadge state={run.data.state} />}
        </Group>
      }
      actions={
        run.data && (
          <Button
            variant="default"
            leftSection={<IconUser size={16} aria-hidden />}
            renderRoot={(props) => (
              <Link to="/profiles/$profileId" params={{ profileId: run.data.profile_id }} {...props} />
            )}
          >
            {t("journeys.run.profile")}
          </Button>
        )
      }
    >
      {isGone ? (
        <Card>
          <Empty icon={IconRoute} title={t("journeys.run.gone.title")} hint={t("journeys.run.gone.hint")} />
        </Card>
      ) : (
        <Answer query={run} skeleton={<Skeleton height={520} radius="lg" />}>
          {(told) => <Told run={told} />}
        </Answer>
      )}
    </Page>
  );
}

const NOTHING = () => {};

function Told({ run }: { run: RunDetail }) {
  const { t } = useTranslation();
  const format = useFormat();
  const speech = useJourneySpeech();
  const narrow = useMediaQuery("(max-width: 62em)", undefined, { getInitialValueInEffect: false }) ?? false;
  const bench = useMemo<Bench>(() => {
    const journey = isHeap(run.journey) ? placed(run.journey, laidOut(run.journey)) : run.journey;
    return {
      journey,
      mode: "read",
      speech,
      problems: new Map(),
      crowd: null,
      selected: [],
      lit: litBy(journey, run.path),
      change: NOTHING,
      select: NOTHING,
      add: NOTHING,
      remove: NOTHING,
      open: NOTHING,
      showPeople: null,
    };
  }, [run, speech]);
  const facts = [
    [t("journeys.run.entered"), format.dateTime(run.entered_at)],
    run.key ? [t("journeys.run.key"), run.key] : null,
    [t("journeys.column.version"), String(run.version)],
    run.goal_at ? [t("journeys.run.goal"), format.dateTime(run.goal_at)] : null,
    run.due_at ? [t("journeys.run.due"), format.dateTime(run.due_at)] : null,
    run.state !== "running" && run.reason ? [t("journeys.run.reason"), codeText(t, run.reason)] : null,
  ].filter((fact) => fact !== null);
  const ended = run.state === "running" ? null : { at: run.changed_at, reason: run.reason };
  return (
    <BenchProvider value={bench}>
      <div className={classes.halves}>
        <Card title={t("journeys.run.path")} hint={t("journeys.run.path_hint")}>
          <dl className={classes.facts}>
            {facts.map(([name, value]) => (
              <div key={name} style={{ display: "contents" }}>
                <dt>{name}</dt>
                <dd className="num">{value}</dd>
              </div>
            ))}
          </dl>
          <PathTimeline journey={bench.journey} path={run.path} ended={ended} speech={speech} />
        </Card>
        {/* What is small has no room for the drawing, and the path is told beside it. */}
        {!narrow && (
          <div className={classes.bench} style={{ gridTemplateColumns: "minmax(0, 1fr)" }}>
            <div className={classes.drawing}>
              <Canvas />
            </div>
          </div>
        )}
      </div>
    </BenchProvider>
  );
}
