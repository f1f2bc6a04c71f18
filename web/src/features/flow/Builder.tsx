import { Button, Group, MultiSelect, Select, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Catalogue } from "../../api/types";
import { DIMENSIONS, readDimension } from "../../report/eventFilter";
import { EventList } from "../../report/EventList";
import { useLengths } from "../../report/lengths";
import { SegmentPicker } from "../../report/SegmentPicker";
import { Card } from "../../ui/Page";
import { BY_MAX, DEFAULT_WITHIN, examples, LEAD, LOST, STAGES, WITHINS, type FlowSearch, type Way } from "./spec";

/** The stages, what ends the waiting, who goes through them, and the breakdown; every change goes straight to the URL. */
export function Builder({
  search,
  way,
  catalogue,
  onSearch,
}: {
  search: FlowSearch;
  way: Way;
  catalogue: Catalogue;
  onSearch: (search: FlowSearch) => void;
}) {
  const { t } = useTranslation();
  const { within = DEFAULT_WITHIN, by = [] } = search;
  const go = (next: Partial<Way>) => onSearch({ ...search, ...way, ...next, stage: undefined });
  const pers = [
    { value: "", label: t("flow.per.people") },
    { value: LEAD, label: t("flow.per.leads") },
  ];
  const isKnown = pers.some(({ value }) => value === way.per);
  return (
    <Card title={t("flow.builder.title")}>
      <Stack gap="sm">
        <EventList
          ordered
          events={way.stages}
          nameOf={(number) => t("flow.builder.stage", { number })}
          add={t("flow.builder.add_stage")}
          limits={STAGES}
          catalogue={catalogue}
          onChange={(stages) => go({ stages })}
        />
        <EventList
          events={way.lost}
          nameOf={(number) => t("flow.builder.lost", { number })}
          add={t("flow.builder.add_lost")}
          limits={LOST}
          catalogue={catalogue}
          onChange={(lost) => go({ lost })}
        />
        <Select
          size="xs"
          label={t("flow.builder.per")}
          allowDeselect={false}
          data={isKnown ? pers : [...pers, { value: way.per, label: way.per }]}
          value={way.per}
          onChange={(per) => go({ per: per ?? "" })}
        />
        <Select
          size="xs"
          label={t("flow.builder.within")}
          description={t("flow.builder.within_hint")}
          allowDeselect={false}
          data={useLengths(WITHINS, within)}
          value={within}
          onChange={(value) => value && onSearch({ ...search, within: value })}
        />
        <MultiSelect
          size="xs"
          clearable
          label={t("report.by")}
          placeholder={by.length === 0 ? t("report.by_nothing") : undefined}
          maxValues={BY_MAX}
          data={DIMENSIONS.map((dimension) => ({ value: dimension, label: t(`dimension.${dimension}`) }))}
          value={by}
          onChange={(values) => onSearch({ ...search, by: values.flatMap((value) => readDimension(value) ?? []) })}
        />
        <SegmentPicker value={search.segment} onChange={(segment) => onSearch({ ...search, segment })} />
        <Examples catalogue={catalogue} onSearch={onSearch} />
      </Stack>
    </Card>
  );
}

function Examples({ catalogue, onSearch }: { catalogue: Catalogue; onSearch: (search: FlowSearch) => void }) {
  const { t } = useTranslation();
  const offered = examples(catalogue.events);
  if (offered.length === 0) return null;
  return (
    <div>
      <Text size="xs" fw={500} mb={4}>
        {t("report.examples")}
      </Text>
      <Group gap={6}>
        {offered.map(({ key, way, within, days }) => (
          <Button key={key} size="compact-xs" variant="light" onClick={() => onSearch({ ...way, within, days })}>
            {t(`flow.example.${key}`)}
          </Button>
        ))}
      </Group>
    </div>
  );
}
