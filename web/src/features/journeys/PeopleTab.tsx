import { Badge, Button, Center, Group, Modal, Select, Stack, Table, Text, TextInput } from "@mantine/core";
import { useDisclosure, useMediaQuery } from "@mantine/hooks";
import { IconUserPlus, IconUsers } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { Answer, Empty, RowsSkeleton } from "../../ui/states";
import { WideTable } from "../../ui/WideTable";
import { RUN_STATES, type Run, type RunState } from "./api";
import type { Journey } from "./journey";
import classes from "./Journeys.module.css";
import { PersonSelect } from "./pickers";
import { runsQuery, useEnter } from "./queries";
import type { JourneySearch } from "./search";
import { codeText, stepName } from "./sentence";
import { useJourneySpeech } from "./useJourneySpeech";

/** Who is in the journey, and where. */
export function PeopleTab({
  journey,
  search,
  mayEnter,
}: {
  journey: Journey;
  search: JourneySearch;
  mayEnter: boolean;
}) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const speech = useJourneySpeech();
  const { step, state } = search;
  const runs = useInfiniteQuery(
    runsQuery(journey.journey_id, { ...(step && { step_id: step }), ...(state && { state }) }),
  );
  const show = (next: { step?: string; state?: RunState }) =>
    void navigate({
      to: "/journeys/$journeyId",
      params: { journeyId: journey.journey_id },
      search: { tab: "people", ...(next.step && { step: next.step }), ...(next.state && { state: next.state }) },
      replace: true,
    });
  return (
    <Card flush>
      <Group gap="xs" className={classes.tools}>
        <Select
          clearable
          searchable
          w={280}
          aria-label={t("journeys.column.step")}
          placeholder={t("journeys.people.all_steps")}
          data={journey.steps.map(({ step_id }) => ({ value: step_id, label: stepName(journey, step_id, speech) }))}
          value={step ?? null}
          onChange={(next) => show({ step: next ?? undefined, state })}
        />
        <Select
          clearable
          w={170}
          aria-label={t("journeys.column.state")}
          placeholder={t("journeys.people.all_states")}
          data={RUN_STATES.map((value) => ({ value, label: t(`journeys.run_state.${value}`) }))}
          value={state ?? null}
          onChange={(next) => show({ step, state: RUN_STATES.find((known) => known === next) })}
        />
        {mayEnter && <EnterPerson journeyId={journey.journey_id} />}
      </Group>
      <Answer query={runs} skeleton={<RowsSkeleton rows={8} height={32} />}>
        {({ pages }) => {
          const shown = pages.flatMap((page) => page.runs);
          if (shown.length === 0)
            return <Empty icon={IconUsers} title={t("journeys.people.empty")} hint={t("journeys.people.empty_hint")} />;
          return (
            <>
              <RunTable journey={journey} runs={shown} />
              {runs.hasNextPage && (
                <Center p="md">
                  <Button
                    variant="default"
                    size="xs"
                    loading={runs.isFetchingNextPage}
                    onClick={() => void runs.fetchNextPage()}
                  >
                    {t("ui.more")}
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

const COLORS: Record<RunState, string> = { running: "petrol", ended: "gray", held_out: "violet" };

export function RunBadge({ state }: { state: RunState }) {
  const { t } = useTranslation();
  return (
    <Badge size="sm" variant="light" color={COLORS[state]}>
      {t(`journeys.run_state.${state}`)}
    </Badge>
  );
}

function RunTable({ journey, runs }: { journey: Journey; runs: Run[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const speech = useJourneySpeech();
  const narrow = useMediaQuery("(max-width: 48em)") ?? false;
  return (
    <WideTable label={t("journeys.tab.people")} minWidth={narrow ? 0 : 860} verticalSpacing={8} highlightOnHover>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("journeys.column.person")}</Table.Th>
          <Table.Th>{t("journeys.column.state")}</Table.Th>
          <Table.Th className={classes.wide}>{t("journeys.column.step")}</Table.Th>
          <Table.Th className={`num ${classes.wide}`}>{t("journeys.column.since")}</Table.Th>
          <Table.Th className={`num ${classes.wide}`}>{t("journeys.column.due")}</Table.Th>
          <Table.Th className={`num ${classes.wide}`}>{t("journeys.column.version")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {runs.map(({ run_id, name, key, version, state, step_id, reason, entered_at, due_at, goal_at }) => (
          <Table.Tr key={run_id} className={classes.row}>
            <Table.Td>
              <Link
                to="/journeys/$journeyId/runs/$runId"
                params={{ journeyId: journey.journey_id, runId: run_id }}
                className={classes.name}
              >
                {name ?? t("journeys.people.nameless")}
              </Link>
              {key && (
                <Text size="xs" c="dimmed" className="ellipsis">
                  {key}
                </Text>
              )}
            </Table.Td>
            <Table.Td>
              <RunBadge state={state} />
              {goal_at && (
                <Text size="xs" c="var(--fc-good)">
                  {t("journeys.people.goal", { time: format.ago(goal_at, new Date()) })}
                </Text>
              )}
            </Table.Td>
            <Table.Td className={classes.wide}>
              {step_id ? stepName(journey, step_id, speech) : t("ui.none")}
              {state !== "running" && reason && (
                <Text size="xs" c="dimmed">
                  {codeText(t, reason)}
                </Text>
              )}
            </Table.Td>
            <Table.Td className={`num ${classes.wide}`}>{format.dateTime(entered_at)}</Table.Td>
            <Table.Td className={`num ${classes.wide}`}>{due_at ? format.dateTime(due_at) : t("ui.none")}</Table.Td>
            <Table.Td className={`num ${classes.wide}`}>{version}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </WideTable>
  );
}

/** Lets somebody in by hand. */
function EnterPerson({ journeyId }: { journeyId: string }) {
  const { t } = useTranslation();
  const [isOpen, dialog] = useDisclosure(false);
  const [profileId, setProfileId] = useState<string | null>(null);
  const [key, setKey] = useState("");
  const enter = useEnter(journeyId, dialog.close);
  return (
    <>
      <Button variant="default" ml="auto" leftSection={<IconUserPlus size={16} aria-hidden />} onClick={dialog.open}>
        {t("journeys.people.add")}
      </Button>
      <Modal opened={isOpen} onClose={dialog.close} title={t("journeys.people.add")}>
        <Stack gap="md">
          <Text size="sm" c="dimmed">
            {t("journeys.people.add_hint")}
          </Text>
          <PersonSelect
            label={t("journeys.column.person")}
            nobody={t("journeys.column.person")}
            profileId={profileId}
            onChange={setProfileId}
          />
          <TextInput
            label={t("journeys.people.add_key")}
            value={key}
            onChange={(event) => setKey(event.currentTarget.value)}
          />
          <Group justify="flex-end">
            <Button
              disabled={profileId === null}
              loading={enter.isPending}
              onClick={() => profileId && enter.mutate({ profile_id: profileId, key: key.trim() })}
            >
              {t("journeys.people.add_action")}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
