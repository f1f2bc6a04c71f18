import { Alert, Button, Group, Progress, Stack, Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import type { ChannelForecast, ChannelRule, Job } from "../../api/types";
import { errorText } from "../../ui/errorText";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import classes from "./ChannelRules.module.css";
import { applyingQuery, useApplyRules, useForecast } from "./queries";

/** What the rules would make of history, and the button that does it. */
export function ApplyRules({
  rules,
  isChanged,
  isReady,
  mayEdit,
}: {
  rules: ChannelRule[];
  isChanged: boolean;
  isReady: boolean;
  mayEdit: boolean;
}) {
  const { t } = useTranslation();
  const forecast = useForecast();
  const apply = useApplyRules();
  const { data: job } = useQuery(applyingQuery);
  const isRunning = job?.state === "running";
  return (
    <Card title={t("channel_rules.apply.title")} hint={t("channel_rules.apply.hint")}>
      <Stack gap="sm">
        <Group gap="xs">
          <Button
            size="xs"
            variant="default"
            loading={forecast.isPending}
            disabled={!isReady}
            onClick={() => forecast.mutate(rules)}
          >
            {t("channel_rules.apply.preview")}
          </Button>
          {mayEdit && (
            <Button
              size="xs"
              loading={apply.isPending || isRunning}
              disabled={isChanged}
              onClick={() => apply.mutate()}
            >
              {t("channel_rules.apply.action")}
            </Button>
          )}
        </Group>
        {isChanged && mayEdit && (
          <Text size="xs" c="dimmed">
            {t("channel_rules.apply.save_first")}
          </Text>
        )}
        {forecast.isError && (
          <Text size="sm" c="var(--fc-bad)" role="alert">
            {errorText(t, forecast.error)}
          </Text>
        )}
        {job && <Applied job={job} />}
        {forecast.data && <Forecast forecast={forecast.data} />}
      </Stack>
    </Card>
  );
}

function Applied({ job }: { job: Job }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (job.state === "running") {
    return (
      <Progress
        value={job.total ? (100 * job.done) / job.total : 100}
        striped
        animated
        aria-label={t("channel_rules.apply.running")}
      />
    );
  }
  if (job.state === "failed") {
    return (
      <Alert color="red" title={t("channel_rules.apply.failed")}>
        {job.message}
      </Alert>
    );
  }
  return (
    <Text size="xs" c="dimmed" role="status">
      {t("channel_rules.apply.done", { when: format.dateTime(job.started_at) })}
    </Text>
  );
}

function Forecast({ forecast }: { forecast: ChannelForecast }) {
  const { t } = useTranslation();
  const format = useFormat();
  const most = Math.max(
    1,
    ...forecast.channels.flatMap(({ events_before, events_after }) => [events_before, events_after]),
  );
  const width = (events: number) => ({ width: `${(100 * events) / most}%` });
  return (
    <div aria-live="polite">
      <Text size="sm" mb="xs">
        {t("channel_rules.apply.changes", {
          events: format.integer(forecast.events_changed),
          leads: format.integer(forecast.leads_changed),
        })}
      </Text>
      <Table verticalSpacing={5} horizontalSpacing={6} fz="sm">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("channel_rules.channel")}</Table.Th>
            <Table.Th aria-label={t("channel_rules.apply.bars")} />
            <Table.Th className="num">{t("channel_rules.apply.events")}</Table.Th>
            <Table.Th className="num">{t("channel_rules.apply.leads")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {forecast.channels.map(({ channel, events_before, events_after, leads_before, leads_after }) => (
            <Table.Tr key={channel}>
              <Table.Td>{label("channel", channel)}</Table.Td>
              <Table.Td>
                <div className={classes.change} aria-hidden>
                  <div className={classes.bar} style={width(events_before)} />
                  <div className={classes.bar} data-after style={width(events_after)} />
                </div>
              </Table.Td>
              <Change before={events_before} after={events_after} />
              <Change before={leads_before} after={leads_after} />
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {0 < forecast.events_without_marks && (
        <Text size="xs" c="dimmed" mt="xs">
          {t("channel_rules.apply.without_marks", { events: format.integer(forecast.events_without_marks) })}
        </Text>
      )}
      {!forecast.complete && (
        <Text size="xs" c="dimmed" mt="xs">
          {t("channel_rules.apply.incomplete")}
        </Text>
      )}
    </div>
  );
}

/** The number after, and by how much it differs. */
function Change({ before, after }: { before: number; after: number }) {
  const format = useFormat();
  const difference = after - before;
  return (
    <Table.Td className="num nowrap">
      {format.integer(after)}
      {difference !== 0 && (
        <Text span size="xs" c={0 < difference ? "var(--fc-good)" : "var(--fc-bad)"} ml={4}>
          {0 < difference ? "+" : "−"}
          {format.integer(Math.abs(difference))}
        </Text>
      )}
    </Table.Td>
  );
}
