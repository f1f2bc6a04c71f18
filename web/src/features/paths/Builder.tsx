import { Button, Group, MultiSelect, NumberInput, SegmentedControl, Select, Stack, Switch, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import type { Catalogue } from "../../api/types";
import { EventChooser } from "../../report/EventChooser";
import type { Chosen } from "../../report/eventFilter";
import { useLengths } from "../../report/lengths";
import { SegmentPicker } from "../../report/SegmentPicker";
import { Card } from "../../ui/Page";
import { DEFAULT_TOP, DEFAULT_WINDOW, examples, GAPS, SPLITS, STEPS, TOPS, WINDOWS, type PathsSearch } from "./spec";

/** Where paths start or end, how far they go and what a step is; every change goes straight to the URL. */
export function Builder({
  search,
  anchor,
  without,
  catalogue,
  onSearch,
}: {
  search: PathsSearch;
  anchor: Chosen;
  without: string[];
  catalogue: Catalogue;
  onSearch: (search: PathsSearch) => void;
}) {
  const { t } = useTranslation();
  const { back, steps = STEPS.usual, split, window = DEFAULT_WINDOW, gap, repeats, top = DEFAULT_TOP, goal } = search;
  const go = (next: PathsSearch) => onSearch({ ...search, anchor, ...next });
  const splits = split && !SPLITS.some((known) => known === split) ? [...SPLITS, split] : SPLITS;
  const splitName = (name: string) => {
    if (name === "page") return t("paths.split.page");
    return name.startsWith("properties.")
      ? name.slice("properties.".length)
      : t(`dimension.${name}` as "dimension.channel");
  };
  return (
    <Card title={t("paths.builder.title")}>
      <Stack gap="sm">
        <SegmentedControl
          size="xs"
          fullWidth
          aria-label={t("paths.builder.direction")}
          data={[
            { value: "after", label: t("paths.builder.after") },
            { value: "before", label: t("paths.builder.before") },
          ]}
          value={back ? "before" : "after"}
          onChange={(value) => go({ back: value === "before" ? true : undefined })}
        />
        <EventChooser
          name={t(back ? "paths.builder.end" : "paths.builder.start")}
          chosen={anchor}
          catalogue={catalogue}
          onChange={(next) => go({ anchor: next })}
        />
        <NumberInput
          size="xs"
          label={t("paths.builder.steps")}
          min={STEPS.min}
          max={STEPS.max}
          clampBehavior="strict"
          value={steps}
          onChange={(value) => typeof value === "number" && STEPS.min <= value && go({ steps: value })}
        />
        <Select
          size="xs"
          clearable
          label={t("paths.builder.split")}
          placeholder={t("report.by_nothing")}
          data={splits.map((name) => ({ value: name, label: splitName(name) }))}
          value={split ?? null}
          onChange={(value) => go({ split: value ?? undefined })}
        />
        <Select
          size="xs"
          label={t("paths.builder.window")}
          allowDeselect={false}
          data={useLengths(WINDOWS, window)}
          value={window}
          onChange={(value) => value && go({ window: value })}
        />
        <Select
          size="xs"
          clearable
          label={t("paths.builder.gap")}
          placeholder={t("report.any")}
          data={useLengths(GAPS, gap)}
          value={gap ?? null}
          onChange={(value) => go({ gap: value ?? undefined })}
        />
        <MultiSelect
          size="xs"
          searchable
          clearable
          label={t("paths.builder.without")}
          data={[...new Set([...catalogue.events.map(({ event }) => event), ...without])].map((event) => ({
            value: event,
            label: label("event", event),
          }))}
          value={without}
          onChange={(names) => go({ without: names })}
        />
        <Goal goal={goal} catalogue={catalogue} onChange={(next) => go({ goal: next })} />
        <Switch
          size="xs"
          label={t("paths.builder.collapse")}
          checked={!repeats}
          onChange={({ currentTarget }) => go({ repeats: currentTarget.checked ? undefined : true })}
        />
        <Select
          size="xs"
          label={t("paths.builder.top")}
          allowDeselect={false}
          data={TOPS.map(String)}
          value={String(top)}
          onChange={(value) => go({ top: Number(value) })}
        />
        <SegmentPicker value={search.segment} onChange={(segment) => onSearch({ ...search, segment })} />
        <Examples catalogue={catalogue} onSearch={onSearch} />
      </Stack>
    </Card>
  );
}

/** What counts as a conversion: nothing, or an event. */
function Goal({
  goal,
  catalogue,
  onChange,
}: {
  goal: Chosen | undefined;
  catalogue: Catalogue;
  onChange: (goal: Chosen | undefined) => void;
}) {
  const { t } = useTranslation();
  if (!goal) {
    return (
      <Button variant="light" size="xs" onClick={() => onChange({ event: "" })}>
        {t("paths.builder.add_goal")}
      </Button>
    );
  }
  return (
    <div>
      <EventChooser name={t("paths.builder.goal")} chosen={goal} catalogue={catalogue} onChange={onChange} />
      <Button mt={4} variant="subtle" size="compact-xs" onClick={() => onChange(undefined)}>
        {t("paths.builder.remove_goal")}
      </Button>
    </div>
  );
}

function Examples({ catalogue, onSearch }: { catalogue: Catalogue; onSearch: (search: PathsSearch) => void }) {
  const { t } = useTranslation();
  const offered = examples(catalogue.events);
  if (offered.length === 0) return null;
  return (
    <div>
      <Text size="xs" fw={500} mb={4}>
        {t("report.examples")}
      </Text>
      <Group gap={6}>
        {offered.map(({ key, search }) => (
          <Button key={key} size="compact-xs" variant="light" onClick={() => onSearch(search)}>
            {t(`paths.example.${key}`)}
          </Button>
        ))}
      </Group>
    </div>
  );
}
