import { Button, Collapse, Select, Stack, UnstyledButton } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconChevronRight, IconPlus } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import type { Catalogue } from "../../api/types";
import { useLengths } from "../../report/lengths";
import { SegmentPicker } from "../../report/SegmentPicker";
import { Card } from "../../ui/Page";
import { ComparePicker } from "./ComparePicker";
import { ExclusionList } from "./ExclusionList";
import classes from "./Funnel.module.css";
import {
  DEFAULT_WINDOW,
  DIMENSIONS,
  HOLDS,
  movedStep,
  ORDERS,
  STEPS_MAX,
  WINDOWS,
  type At,
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
          onChange={(by) => onSearch({ ...search, by: knownDimension(by), at: by ? search.at : undefined })}
        />
        {search.by && <AtPicker value={search.at} steps={steps} onChange={(at) => onSearch({ ...search, at })} />}
        <SegmentPicker value={search.segment} onChange={(segment) => onSearch({ ...search, segment })} />
        <ComparePicker value={search.versus} onChange={(versus) => onSearch({ ...search, versus })} />
        <More search={search} steps={steps} catalogue={catalogue} onSearch={onSearch} />
      </Stack>
    </Card>
  );
}

/** Where the value is taken that people are broken down by. */
function AtPicker({
  value,
  steps,
  onChange,
}: {
  value: At | undefined;
  steps: Step[];
  onChange: (at: At | undefined) => void;
}) {
  const { t } = useTranslation();
  const places = steps.map(({ event }, at) => ({
    value: String(at + 1),
    label: t("funnel.at.step", { number: at + 1, event: label("event", event) }),
  }));
  const touches = (["first", "last"] as const).map((touch) => ({ value: touch, label: t(`funnel.at.${touch}`) }));
  const known = places.some((place) => place.value === String(value)) || typeof value === "string";
  return (
    <Select
      size="xs"
      label={t("funnel.at.title")}
      description={typeof value === "string" ? t(`funnel.at.${value}_hint`) : undefined}
      allowDeselect={false}
      data={[...places, ...touches]}
      value={known ? String(value) : "1"}
      onChange={(next) =>
        onChange(next === "first" || next === "last" ? next : next === "1" ? undefined : Number(next))
      }
    />
  );
}

/** What most funnels do without: what must not happen, what stays the same, and how strictly steps follow. */
function More({
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
  const isUsed = search.exclusions !== undefined || search.hold !== undefined || search.order !== undefined;
  const [opened, { toggle }] = useDisclosure(isUsed);
  return (
    <div>
      <UnstyledButton className={classes.more} aria-expanded={opened} onClick={toggle}>
        <IconChevronRight size={14} aria-hidden data-opened={opened} />
        {t("funnel.more")}
      </UnstyledButton>
      <Collapse expanded={opened}>
        <Stack gap="sm" mt="xs">
          <ExclusionList
            exclusions={search.exclusions ?? []}
            steps={steps}
            catalogue={catalogue}
            onChange={(exclusions) =>
              onSearch({ ...search, exclusions: 0 < exclusions.length ? exclusions : undefined })
            }
          />
          <Select
            size="xs"
            clearable
            label={t("funnel.hold.title")}
            description={t("funnel.hold.hint")}
            placeholder={t("funnel.hold.nothing")}
            data={HOLDS.map((hold) => ({
              value: hold,
              label: hold === "lead" ? t("funnel.hold.lead") : t(`dimension.${hold}`),
            }))}
            value={search.hold ?? null}
            onChange={(value) => onSearch({ ...search, hold: HOLDS.find((hold) => hold === value) })}
          />
          <Select
            size="xs"
            clearable
            label={t("funnel.order.title")}
            description={search.order && t(`funnel.order.${search.order}_hint`)}
            placeholder={t("funnel.order.any")}
            data={ORDERS.map((order) => ({ value: order, label: t(`funnel.order.${order}`) }))}
            value={search.order ?? null}
            onChange={(value) => onSearch({ ...search, order: ORDERS.find((order) => order === value) })}
          />
        </Stack>
      </Collapse>
    </div>
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
