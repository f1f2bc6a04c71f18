import { Button, Select, Stack } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Catalogue } from "../../api/types";
import { useLengths } from "../../report/lengths";
import { SegmentPicker } from "../../report/SegmentPicker";
import { Card } from "../../ui/Page";
import classes from "./Funnel.module.css";
import {
  DEFAULT_WINDOW,
  DIMENSIONS,
  movedStep,
  STEPS_MAX,
  WINDOWS,
  type Dimension,
  type FunnelSearch,
  type Step,
} from "./spec";
import { StepEditor } from "./StepEditor";

/** Steps, window and breakdown; every change goes straight to the URL. */
export function Builder({
  search,
  steps,
  catalogue,
  onSearch,
}: {
  search: FunnelSearch;
  steps: Step[];
  catalogue: Catalogue;
  onSearch: (search: FunnelSearch) => void;
}) {
  const { t } = useTranslation();
  const setSteps = (next: Step[]) => onSearch({ ...search, steps: next });
  return (
    <Card title={t("funnel.builder.title")}>
      <ol className={classes.steps}>
        {steps.map((step, at) => (
          <StepEditor
            // A step has no name but its place.
            key={at}
            step={step}
            place={{ at, last: steps.length - 1 }}
            catalogue={catalogue}
            onChange={(next) => setSteps(steps.with(at, next))}
            onMove={(to) => setSteps(movedStep(steps, at, to))}
            onRemove={() => setSteps(steps.toSpliced(at, 1))}
          />
        ))}
      </ol>
      <Stack gap="sm">
        <Button
          variant="light"
          size="xs"
          leftSection={<IconPlus size={14} aria-hidden />}
          disabled={STEPS_MAX <= steps.length}
          onClick={() => setSteps([...steps, { event: "" }])}
        >
          {t("funnel.builder.add")}
        </Button>
        <WindowPicker value={search.window ?? DEFAULT_WINDOW} onChange={(window) => onSearch({ ...search, window })} />
        <Select
          size="xs"
          clearable
          label={t("funnel.builder.by")}
          placeholder={t("funnel.builder.by_nothing")}
          data={DIMENSIONS.map((dimension) => ({ value: dimension, label: t(`dimension.${dimension}`) }))}
          value={search.by ?? null}
          onChange={(by) => onSearch({ ...search, by: knownDimension(by) })}
        />
        <SegmentPicker value={search.segment} onChange={(segment) => onSearch({ ...search, segment })} />
      </Stack>
    </Card>
  );
}

function WindowPicker({ value, onChange }: { value: string; onChange: (window: string) => void }) {
  const { t } = useTranslation();
  return (
    <Select
      size="xs"
      label={t("funnel.builder.window")}
      description={t("funnel.builder.window_hint")}
      allowDeselect={false}
      data={useLengths(WINDOWS, value)}
      value={value}
      onChange={(window) => window && onChange(window)}
    />
  );
}

function knownDimension(name: string | null): Dimension | undefined {
  return DIMENSIONS.find((known) => known === name);
}
