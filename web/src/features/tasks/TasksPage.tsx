import { Anchor, Badge, Button, Center, Group, SegmentedControl, Stack, Text, Textarea } from "@mantine/core";
import { IconHeadset, IconPhone, IconPhoneCheck, IconPhoneOff, IconPhoneX } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import { useFormat } from "../../ui/FormatContext";
import { Card, Page } from "../../ui/Page";
import { Answer, Empty, RowsSkeleton } from "../../ui/states";
import { OUTCOMES, TASK_STATES, type Outcome, type Task } from "./api";
import { tasksQuery, useAnswer } from "./queries";
import classes from "./Tasks.module.css";

const route = getRouteApi("/shell/tasks");
const NOTE_CHARS_MAX = 2_000;
const PICTURES: Record<Outcome, typeof IconPhone> = {
  spoke: IconPhoneCheck,
  no_answer: IconPhoneOff,
  declined: IconPhoneX,
};

/** Whom to call, the most urgent first. */
export function TasksPage() {
  const { t } = useTranslation();
  const { state = "open" } = route.useSearch();
  const navigate = route.useNavigate();
  const tasks = useInfiniteQuery(tasksQuery(state));
  return (
    <Page
      title={t("tasks.title")}
      subtitle={t("tasks.subtitle")}
      actions={
        <SegmentedControl
          aria-label={t("tasks.title")}
          data={TASK_STATES.map((value) => ({ value, label: t(`tasks.tab.${value}`) }))}
          value={state}
          onChange={(value) => void navigate({ search: value === "done" ? { state: "done" } : {}, replace: true })}
        />
      }
    >
      <Answer
        query={tasks}
        skeleton={
          <Card>
            <RowsSkeleton rows={6} height={60} />
          </Card>
        }
      >
        {({ pages }) => {
          const shown = pages.flatMap((page) => page.tasks);
          if (shown.length === 0)
            return (
              <Card>
                <Empty
                  icon={IconHeadset}
                  title={t(state === "open" ? "tasks.empty.title" : "tasks.empty.done")}
                  hint={t("tasks.empty.hint")}
                />
              </Card>
            );
          return (
            <Stack gap="sm">
              {shown.map((task) => (
                <TaskCard key={task.task_id} task={task} isOpen={state === "open"} />
              ))}
              {tasks.hasNextPage && (
                <Center p="md">
                  <Button
                    variant="default"
                    size="xs"
                    loading={tasks.isFetchingNextPage}
                    onClick={() => void tasks.fetchNextPage()}
                  >
                    {t("ui.more")}
                  </Button>
                </Center>
              )}
            </Stack>
          );
        }}
      </Answer>
    </Page>
  );
}

const RESULTS = ["spoke", "no_answer", "declined", "given_up", "closed"] as const;

function TaskCard({ task, isOpen }: { task: Task; isOpen: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { name, phone, title, script, tries, tries_max, due_at, outcome, note } = task;
  const now = new Date();
  const isLate = isOpen && new Date(due_at) < now;
  const result = RESULTS.find((known) => known === outcome);
  return (
    <Card>
      <div className={classes.task}>
        <div className={classes.who}>
          <Link to="/profiles/$profileId" params={{ profileId: task.profile_id }} className={classes.name}>
            {name ?? t("tasks.nameless")}
          </Link>
          {phone ? (
            <a href={`tel:${phone.replaceAll(/[^\d+]/g, "")}`} className={classes.phone}>
              <IconPhone size={16} aria-hidden />
              {phone}
            </a>
          ) : (
            <Text size="sm" c="dimmed">
              {t("tasks.no_phone")}
            </Text>
          )}
          <Text size="xs" c={isLate ? "var(--fc-bad)" : "dimmed"} fw={isLate ? 600 : undefined} className="num">
            {isOpen ? (
              <span title={format.dateTime(due_at)}>
                {t(isLate ? "tasks.overdue" : "tasks.due", { time: format.ago(due_at, now) })}
              </span>
            ) : (
              format.dateTime(due_at)
            )}
          </Text>
        </div>
        <div className={classes.what}>
          <Group gap="xs" justify="space-between" align="baseline">
            <Text fw={600}>{title}</Text>
            <Text size="xs" c="dimmed" className="num">
              {t("tasks.try", { number: isOpen ? tries + 1 : Math.max(1, tries), of: tries_max })}
            </Text>
          </Group>
          {script && <p className={classes.script}>{script}</p>}
          {isOpen ? (
            <Answering task={task} />
          ) : (
            <Group gap="xs">
              {outcome && <Badge variant="light">{result ? t(`tasks.result.${result}`) : outcome}</Badge>}
              {note && <Text size="sm">{note}</Text>}
            </Group>
          )}
          <Anchor
            size="xs"
            renderRoot={(props) => (
              <Link
                to="/journeys/$journeyId/runs/$runId"
                params={{ journeyId: task.journey_id, runId: task.run_id }}
                {...props}
              />
            )}
          >
            {t("tasks.run")}
          </Anchor>
        </div>
      </div>
    </Card>
  );
}

/** What came of the call. */
function Answering({ task }: { task: Task }) {
  const { t } = useTranslation();
  const mayAnswer = may(useMe().role, "edit_profiles");
  const [note, setNote] = useState("");
  const answer = useAnswer(task.task_id);
  if (!mayAnswer) return null;
  return (
    <div className={classes.answering}>
      <Textarea
        autosize
        minRows={1}
        maxRows={5}
        maxLength={NOTE_CHARS_MAX}
        aria-label={t("tasks.note")}
        placeholder={t("tasks.note_hint")}
        value={note}
        onChange={(event) => setNote(event.currentTarget.value)}
      />
      <Group gap="xs">
        {OUTCOMES.map((outcome) => {
          const Picture = PICTURES[outcome];
          return (
            <Button
              key={outcome}
              size="sm"
              variant={outcome === "spoke" ? "filled" : "default"}
              leftSection={<Picture size={16} aria-hidden />}
              loading={answer.isPending && answer.variables.outcome === outcome}
              disabled={answer.isPending}
              onClick={() => answer.mutate({ outcome, note: note.trim() })}
            >
              {t(`tasks.answer.${outcome}`)}
            </Button>
          );
        })}
      </Group>
    </div>
  );
}
