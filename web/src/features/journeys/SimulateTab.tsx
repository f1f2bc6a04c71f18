import { ActionIcon, Button, JsonInput, Stack, Text, TextInput, Tooltip } from "@mantine/core";
import { IconPlayerTrackNext, IconPlus, IconRoute, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMe } from "../../api/session";
import { Card } from "../../ui/Page";
import { Empty } from "../../ui/states";
import { fromWall, toWall } from "../../ui/zoned";
import type { Journey } from "./journey";
import classes from "./Journeys.module.css";
import { DryRun } from "./DryRun";
import { PathTimeline } from "./PathTimeline";
import { PersonSelect } from "./pickers";
import { useSimulation } from "./queries";
import { SpanInput, TypedEvent } from "./simulateFields";
import { useJourneySpeech } from "./useJourneySpeech";

type Happening = { after: string; event: string };

function objectIn(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text.trim() || "{}");
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

/** Walks the drawing as it stands with one person, without sending anything. */
export function SimulateTab({ journey }: { journey: Journey }) {
  const { t } = useTranslation();
  const speech = useJourneySpeech();
  const zone = useMe().installation.time_zone;
  const [profileId, setProfileId] = useState<string | null>(null);
  const [event, setEvent] = useState(journey.entry.by === "event" ? journey.entry.event : "");
  const [properties, setProperties] = useState("{}");
  const [key, setKey] = useState("");
  const [starts, setStarts] = useState(() => toWall(new Date().toISOString(), zone));
  const [happenings, setHappenings] = useState<Happening[]>([]);
  const simulation = useSimulation();
  const given = objectIn(properties);
  const run = () => {
    const begins = fromWall(starts, zone);
    if (!given || begins === null) return;
    simulation.mutate({
      journey,
      profile_id: profileId,
      entry: { event, properties: given, key: key.trim() },
      starts_at: begins,
      happenings: happenings.filter((each) => each.event !== "").map((each) => ({ ...each, properties: {} })),
    });
  };
  return (
    <div className={classes.halves}>
      <Card title={t("journeys.simulate.setup")} hint={t("journeys.simulate.hint")}>
        <Stack gap="md">
          <PersonSelect
            label={t("journeys.simulate.person")}
            nobody={t("journeys.simulate.nobody")}
            profileId={profileId}
            onChange={setProfileId}
          />
          <TypedEvent label={t("journeys.simulate.event")} value={event} onChange={setEvent} />
          <JsonInput
            label={t("journeys.simulate.properties")}
            autosize
            minRows={2}
            maxRows={10}
            error={given ? undefined : t("journeys.simulate.properties_wrong")}
            value={properties}
            onChange={setProperties}
          />
          <TextInput
            label={t("journeys.simulate.key")}
            value={key}
            onChange={(change) => setKey(change.currentTarget.value)}
          />
          <TextInput
            type="datetime-local"
            label={t("journeys.simulate.starts")}
            value={starts}
            onChange={(change) => setStarts(change.currentTarget.value)}
          />
          <Happenings happenings={happenings} onChange={setHappenings} />
          <div>
            <Button
              leftSection={<IconPlayerTrackNext size={16} aria-hidden />}
              loading={simulation.isPending}
              onClick={run}
            >
              {t("journeys.simulate.run")}
            </Button>
          </div>
        </Stack>
      </Card>
      <Card title={t("journeys.simulate.path")}>
        <div aria-live="polite">
          {simulation.data ? (
            <PathTimeline
              journey={simulation.variables.journey}
              path={simulation.data.path}
              ended={simulation.data.ended}
              speech={speech}
            />
          ) : (
            <Empty icon={IconRoute} title={t("journeys.simulate.none")} />
          )}
        </div>
      </Card>
      <DryRun journey={journey} />
    </div>
  );
}

function Happenings({
  happenings,
  onChange,
}: {
  happenings: Happening[];
  onChange: (happenings: Happening[]) => void;
}) {
  const { t } = useTranslation();
  const remove = (at: number) => t("journeys.simulate.happening_remove", { number: at + 1 });
  return (
    <div>
      <Text size="sm" fw={500} mb={4}>
        {t("journeys.simulate.happens")}
      </Text>
      <Stack gap={6}>
        {happenings.map((each, at) => (
          // Happenings have no name but their place.
          <div key={at} className={classes.happening}>
            <Text size="sm" c="dimmed">
              {t("journeys.simulate.after")}
            </Text>
            <SpanInput value={each.after} onChange={(after) => onChange(happenings.with(at, { ...each, after }))} />
            <TypedEvent value={each.event} onChange={(event) => onChange(happenings.with(at, { ...each, event }))} />
            <Tooltip label={remove(at)}>
              <ActionIcon
                variant="subtle"
                color="gray"
                c="dimmed"
                aria-label={remove(at)}
                onClick={() => onChange(happenings.toSpliced(at, 1))}
              >
                <IconTrash size={15} />
              </ActionIcon>
            </Tooltip>
          </div>
        ))}
        <div>
          <Button
            size="compact-sm"
            variant="subtle"
            leftSection={<IconPlus size={14} aria-hidden />}
            onClick={() => onChange([...happenings, { after: "1d", event: "" }])}
          >
            {t("journeys.simulate.happens_add")}
          </Button>
        </div>
      </Stack>
    </div>
  );
}
