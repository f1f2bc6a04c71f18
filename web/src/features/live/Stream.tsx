import { Button, Group, Select, Text, TextInput } from "@mantine/core";
import { IconPlayerPause, IconPlayerPlay, IconSearch } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import type { LiveEvent } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { RowsSkeleton } from "../../ui/states";
import { EventDrawer } from "./EventDrawer";
import { EventRows } from "./EventRows";
import { isShown, type Feed } from "./feed";
import classes from "./Live.module.css";
import { VERDICTS, type LiveSearch } from "./search";
import { useFeed } from "./useFeed";

/** Events as they arrive. */
export function Stream({ search, onSearch }: { search: LiveSearch; onSearch: (change: Partial<LiveSearch>) => void }) {
  const { feed, change } = useFeed();
  const [opened, setOpened] = useState<LiveEvent | null>(null);
  const rows = useMemo(() => feed.shown.filter((event) => isShown(event, search)), [feed.shown, search]);

  return (
    <Card flush>
      <div className={classes.tools}>
        <Filters feed={feed} search={search} onSearch={onSearch} />
        <Group gap="sm" wrap="nowrap" ml="auto">
          <Line feed={feed} />
          <PauseButton
            feed={feed}
            onPause={() => change({ kind: "pause" })}
            onResume={() => change({ kind: "resume" })}
          />
        </Group>
      </div>
      {feed.line === "connecting" ? (
        <RowsSkeleton rows={10} />
      ) : (
        <EventRows events={rows} filtered={rows.length < feed.shown.length} onOpen={setOpened} />
      )}
      <EventDrawer event={opened} onClose={() => setOpened(null)} />
    </Card>
  );
}

function Filters({
  feed,
  search,
  onSearch,
}: {
  feed: Feed;
  search: LiveSearch;
  onSearch: (change: Partial<LiveSearch>) => void;
}) {
  const { t } = useTranslation();
  const events = useMemo(
    () =>
      distinct(
        feed.shown.map(({ event }) => event),
        search.event,
      ),
    [feed.shown, search.event],
  );
  const sources = useMemo(
    () =>
      distinct(
        feed.shown.map(({ source }) => source),
        search.source,
      ),
    [feed.shown, search.source],
  );
  return (
    <Group gap="xs" className={classes.filters}>
      <TextInput
        data-search
        size="xs"
        className={classes.grow}
        leftSection={<IconSearch size={14} aria-hidden />}
        aria-label={t("live.filter.text")}
        placeholder={t("live.filter.text")}
        value={search.text ?? ""}
        onChange={(change) => onSearch({ text: change.currentTarget.value || undefined })}
      />
      <Select
        size="xs"
        w={150}
        clearable
        searchable
        aria-label={t("live.filter.event")}
        placeholder={t("live.filter.event")}
        data={events.map((event) => ({ value: event, label: label("event", event) }))}
        value={search.event ?? null}
        onChange={(event) => onSearch({ event: event ?? undefined })}
      />
      <Select
        size="xs"
        w={140}
        clearable
        aria-label={t("live.filter.source")}
        placeholder={t("live.filter.source")}
        data={sources}
        value={search.source ?? null}
        onChange={(source) => onSearch({ source: source ?? undefined })}
      />
      <Select
        size="xs"
        w={140}
        clearable
        aria-label={t("live.filter.verdict")}
        placeholder={t("live.filter.verdict")}
        data={VERDICTS.map((verdict) => ({ value: verdict, label: t(`live.verdict.${verdict}`) }))}
        value={search.verdict ?? null}
        onChange={(verdict) => onSearch({ verdict: VERDICTS.find((known) => known === verdict) })}
      />
    </Group>
  );
}

function Line({ feed }: { feed: Feed }) {
  const { t } = useTranslation();
  const state = feed.mode === "paused" ? "paused" : feed.line;
  return (
    <Text size="xs" c="dimmed" className="nowrap" role="status">
      <span className={classes.pulse} data-state={state} aria-hidden />
      {t(`live.line.${state}`)}
    </Text>
  );
}

function PauseButton({ feed, onPause, onResume }: { feed: Feed; onPause: () => void; onResume: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (feed.mode === "running") {
    return (
      <Button size="xs" variant="default" leftSection={<IconPlayerPause size={14} aria-hidden />} onClick={onPause}>
        {t("live.pause")}
      </Button>
    );
  }
  const count = feed.held.length;
  return (
    <Button size="xs" leftSection={<IconPlayerPlay size={14} aria-hidden />} onClick={onResume}>
      {count === 0 ? t("live.resume") : t("live.resume_held", { count, events: format.integer(count) })}
    </Button>
  );
}

/** The different values in the order of the alphabet, and the chosen one even when it has gone by. */
function distinct(values: string[], chosen: string | undefined): string[] {
  return [...new Set(chosen ? [...values, chosen] : values)].sort((a, b) => a.localeCompare(b));
}
