import { Button, Group, SegmentedControl, Select, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Catalogue } from "../../api/types";
import { EventChooser } from "../../report/EventChooser";
import { DIMENSIONS, readDimension, type Chosen } from "../../report/eventFilter";
import { SegmentPicker } from "../../report/SegmentPicker";
import { Card } from "../../ui/Page";
import { ENTRIES, examples, GRAINS, type Example, type RetentionSearch } from "./spec";

/** The two events, the periods and the breakdown; every change goes straight to the URL. */
export function Builder({
  search,
  events: { cohort, back },
  catalogue,
  onSearch,
}: {
  search: RetentionSearch;
  events: { cohort: Chosen; back: Chosen };
  catalogue: Catalogue;
  onSearch: (search: RetentionSearch) => void;
}) {
  const { t } = useTranslation();
  const { entry = "first", grain = "week", by } = search;
  return (
    <Card title={t("retention.builder.title")}>
      <Stack gap="sm">
        <EventChooser
          name={t("retention.builder.cohort")}
          chosen={cohort}
          catalogue={catalogue}
          onChange={(next) => onSearch({ ...search, cohort: next, back })}
        />
        <EventChooser
          name={t("retention.builder.back")}
          chosen={back}
          catalogue={catalogue}
          onChange={(next) => onSearch({ ...search, cohort, back: next })}
        />
        <Select
          size="xs"
          label={t("retention.builder.entry")}
          allowDeselect={false}
          data={ENTRIES.map((value) => ({ value, label: t(`retention.entry.${value}`) }))}
          value={entry}
          onChange={(value) => onSearch({ ...search, entry: ENTRIES.find((known) => known === value) })}
        />
        <div>
          <Text size="xs" fw={500} mb={4}>
            {t("retention.builder.grain")}
          </Text>
          <SegmentedControl
            size="xs"
            fullWidth
            aria-label={t("retention.builder.grain")}
            data={GRAINS.map((value) => ({ value, label: t(`dimension.${value}`) }))}
            value={grain}
            onChange={(value) => onSearch({ ...search, grain: GRAINS.find((known) => known === value) })}
          />
        </div>
        <Select
          size="xs"
          clearable
          label={t("report.by")}
          placeholder={t("report.by_nothing")}
          data={DIMENSIONS.map((dimension) => ({ value: dimension, label: t(`dimension.${dimension}`) }))}
          value={by ?? null}
          onChange={(value) => onSearch({ ...search, by: readDimension(value) })}
        />
        <SegmentPicker value={search.segment} onChange={(segment) => onSearch({ ...search, segment })} />
        <Examples of={examples(catalogue.events)} onSearch={onSearch} />
      </Stack>
    </Card>
  );
}

function Examples({ of, onSearch }: { of: Example[]; onSearch: (search: RetentionSearch) => void }) {
  const { t } = useTranslation();
  if (of.length === 0) return null;
  return (
    <div>
      <Text size="xs" fw={500} mb={4}>
        {t("report.examples")}
      </Text>
      <Group gap={6}>
        {of.map(({ key, cohort, back, grain, days }) => (
          <Button
            key={key}
            size="compact-xs"
            variant="light"
            onClick={() => onSearch({ cohort: { event: cohort }, back: { event: back }, grain, days })}
          >
            {t(`retention.example.${key}`)}
          </Button>
        ))}
      </Group>
    </div>
  );
}
