import { Button, Group, NumberInput, Select, Stack, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconCalculator } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Catalogue, FoundExperiment } from "../../api/types";
import { EventChooser } from "../../report/EventChooser";
import type { Chosen } from "../../report/eventFilter";
import { useLengths } from "../../report/lengths";
import { SegmentPicker } from "../../report/SegmentPicker";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { Planner } from "./Planner";
import {
  CONFIDENCES,
  DEFAULT_CONFIDENCE,
  DEFAULT_PLANNED,
  DEFAULT_WINDOW,
  MEASURES,
  PLANNED,
  WINDOWS,
  type ExperimentSearch,
} from "./spec";

/** Which experiment, what it is for, and how sure the answer is to be; every change goes straight to the URL. */
export function Builder({
  search,
  experiments,
  experiment,
  goal,
  rate,
  catalogue,
  onSearch,
}: {
  search: ExperimentSearch;
  experiments: FoundExperiment[];
  experiment: FoundExperiment;
  goal: Chosen;
  /** What the control comes to now, and how many people a day come: what a plan begins with. */
  rate: { mean: number; deviation: number; people_a_day: number } | undefined;
  catalogue: Catalogue;
  onSearch: (search: ExperimentSearch) => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const [planning, { open, close }] = useDisclosure();
  const { measure = "people", window = DEFAULT_WINDOW, planned = DEFAULT_PLANNED } = search;
  const control = experiment.variants.some(({ name }) => name === search.control) ? search.control : undefined;
  return (
    <Card title={t("experiments.builder.title")}>
      <Stack gap="sm">
        <Select
          size="xs"
          searchable
          allowDeselect={false}
          label={t("experiments.builder.experiment")}
          description={t("experiments.builder.seen", {
            from: format.day(format.dayOf(new Date(experiment.first_seen))),
            to: format.day(format.dayOf(new Date(experiment.last_seen))),
          })}
          data={experiments.map(({ name }) => name)}
          value={experiment.name}
          onChange={(name) => name && onSearch({ ...search, experiment: name, control: undefined })}
        />
        <Select
          size="xs"
          clearable
          label={t("experiments.builder.control")}
          placeholder={t("experiments.builder.control_usual")}
          data={experiment.variants.map(({ name }) => name)}
          value={control ?? null}
          onChange={(name) => onSearch({ ...search, control: name ?? undefined })}
        />
        <EventChooser
          name={t("experiments.builder.goal")}
          chosen={goal}
          catalogue={catalogue}
          onChange={(next) => onSearch({ ...search, goal: next })}
        />
        <Select
          size="xs"
          allowDeselect={false}
          label={t("experiments.builder.measure")}
          data={MEASURES.map((value) => ({ value, label: t(`experiments.measure.${value}`) }))}
          value={measure}
          onChange={(value) => onSearch({ ...search, measure: MEASURES.find((known) => known === value) })}
        />
        {measure === "sum" && (
          <TextInput
            size="xs"
            label={t("experiments.builder.sum_of")}
            placeholder={t("experiments.builder.sum_of_value")}
            defaultValue={search.sum_of ?? ""}
            onBlur={({ target }) => onSearch({ ...search, sum_of: target.value.trim() || undefined })}
          />
        )}
        <Select
          size="xs"
          allowDeselect={false}
          label={t("experiments.builder.window")}
          data={useLengths(WINDOWS, window)}
          value={window}
          onChange={(value) => value && onSearch({ ...search, window: value })}
        />
        <Group gap={6} align="flex-end" wrap="nowrap">
          <NumberInput
            size="xs"
            style={{ flex: 1 }}
            key={planned}
            label={t("experiments.builder.planned")}
            min={PLANNED.min}
            max={PLANNED.max}
            step={1000}
            allowDecimal={false}
            thousandSeparator={format.integer(10_000).replaceAll(/\d/g, "")}
            defaultValue={planned}
            onBlur={({ target }) => {
              const people = Number(target.value.replaceAll(/\D/g, ""));
              if (PLANNED.min <= people && people <= PLANNED.max) onSearch({ ...search, planned: people });
            }}
          />
          <Button
            size="xs"
            variant="default"
            leftSection={<IconCalculator size={15} aria-hidden />}
            aria-haspopup="dialog"
            onClick={open}
          >
            {t("experiments.plan.open")}
          </Button>
        </Group>
        <Select
          size="xs"
          allowDeselect={false}
          label={t("experiments.builder.confidence")}
          data={CONFIDENCES.map((value) => ({ value: String(value), label: format.percent(value) }))}
          value={String(search.confidence ?? DEFAULT_CONFIDENCE)}
          onChange={(value) => onSearch({ ...search, confidence: Number(value) })}
        />
        <SegmentPicker value={search.segment} onChange={(segment) => onSearch({ ...search, segment })} />
      </Stack>
      <Planner
        opened={planning}
        variants={Math.max(2, experiment.variants.length)}
        confidence={search.confidence ?? DEFAULT_CONFIDENCE}
        isShare={measure === "people"}
        rate={rate}
        onClose={close}
        onPlan={(people) => onSearch({ ...search, planned: people })}
      />
    </Card>
  );
}
