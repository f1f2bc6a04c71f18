import { Button, Group, Modal, NumberInput, Skeleton, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { ExperimentPlanRequest } from "../../api/types";
import { useSettled } from "../../report/useSettled";
import { errorText } from "../../ui/errorText";
import { useFormat } from "../../ui/FormatContext";
import classes from "./Experiments.module.css";
import { planQuery } from "./queries";
import { PLANNED } from "./spec";

type Given = number | string;

/** How many people an experiment needs, and how long that takes. */
export function Planner({
  opened,
  variants,
  confidence,
  isShare,
  rate,
  onClose,
  onPlan,
}: {
  opened: boolean;
  variants: number;
  confidence: number;
  /** Of people who do the goal; else a mean, whose deviation must be known. */
  isShare: boolean;
  rate: { mean: number; deviation: number; people_a_day: number } | undefined;
  onClose: () => void;
  onPlan: (people: number) => void;
}) {
  const { t } = useTranslation();
  return (
    <Modal opened={opened} onClose={onClose} title={t("experiments.plan.title")}>
      <PlanForm
        variants={variants}
        confidence={confidence}
        isShare={isShare}
        rate={rate}
        onPlan={(people) => {
          onPlan(people);
          onClose();
        }}
      />
    </Modal>
  );
}

function PlanForm({
  variants,
  confidence,
  isShare,
  rate,
  onPlan,
}: {
  variants: number;
  confidence: number;
  isShare: boolean;
  rate: { mean: number; deviation: number; people_a_day: number } | undefined;
  onPlan: (people: number) => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const [mean, setMean] = useState<Given>(rate ? rounded(isShare ? 100 * rate.mean : rate.mean) : "");
  const [deviation, setDeviation] = useState<Given>(rate && 0 < rate.deviation ? rounded(rate.deviation) : "");
  const [uplift, setUplift] = useState<Given>(20);
  const [power, setPower] = useState<Given>(80);
  const [aDay, setADay] = useState<Given>(rate && 0 < rate.people_a_day ? Math.round(rate.people_a_day) : "");
  const asked: ExperimentPlanRequest | null =
    mean === "" || uplift === "" || power === "" || (!isShare && deviation === "")
      ? null
      : {
          mean: isShare ? Number(mean) / 100 : Number(mean),
          ...(!isShare && { deviation: Number(deviation) }),
          uplift: Number(uplift) / 100,
          variants,
          confidence,
          power: Number(power) / 100,
          ...(aDay !== "" && { people_a_day: Number(aDay) }),
        };
  const settled = useSettled(asked);
  const plan = useQuery({ ...planQuery(settled), retry: false });
  // What stands there may still be of what was filled in before.
  const isOfBefore = plan.isPlaceholderData || JSON.stringify(asked) !== JSON.stringify(settled);
  return (
    <Stack gap="sm">
      <Group grow align="flex-end">
        <NumberInput
          size="sm"
          label={t(isShare ? "experiments.plan.share" : "experiments.plan.mean")}
          suffix={isShare ? " %" : undefined}
          decimalScale={4}
          min={0}
          value={mean}
          onChange={setMean}
        />
        {!isShare && (
          <NumberInput
            size="sm"
            label={t("experiments.plan.deviation")}
            decimalScale={4}
            min={0}
            value={deviation}
            onChange={setDeviation}
          />
        )}
      </Group>
      <Group grow align="flex-end">
        <NumberInput
          size="sm"
          label={t("experiments.plan.uplift")}
          suffix=" %"
          decimalScale={1}
          value={uplift}
          onChange={setUplift}
        />
        <NumberInput
          size="sm"
          label={t("experiments.plan.power")}
          suffix=" %"
          decimalScale={1}
          min={50}
          max={99}
          value={power}
          onChange={setPower}
        />
      </Group>
      <NumberInput
        size="sm"
        label={t("experiments.plan.a_day")}
        min={0}
        decimalScale={1}
        value={aDay}
        onChange={setADay}
      />
      {plan.isError && settled !== null ? (
        <Text size="sm" c="red" role="alert">
          {errorText(t, plan.error)}
        </Text>
      ) : plan.data ? (
        <>
          <dl className={classes.plan} aria-live="polite" data-stale={isOfBefore || undefined}>
            <dt>{t("experiments.plan.sequential")}</dt>
            <dd>{t("experiments.plan.each", { count: plan.data.people, people: format.integer(plan.data.people) })}</dd>
            <dd>{plan.data.days !== null && t("report.days", { count: plan.data.days })}</dd>
            <dt>{t("experiments.plan.fixed")}</dt>
            <dd>
              {t("experiments.plan.each", {
                count: plan.data.people_fixed,
                people: format.integer(plan.data.people_fixed),
              })}
            </dd>
            <dd>{plan.data.days_fixed !== null && t("report.days", { count: plan.data.days_fixed })}</dd>
          </dl>
          <Text size="xs" c="dimmed">
            {t("experiments.plan.hint")}
          </Text>
          <Button
            disabled={isOfBefore || PLANNED.max < plan.data.planned_people}
            onClick={() => onPlan(Math.max(PLANNED.min, plan.data.planned_people))}
          >
            {t("experiments.plan.take", {
              count: plan.data.planned_people,
              people: format.integer(plan.data.planned_people),
            })}
          </Button>
        </>
      ) : asked === null ? (
        <Text size="sm" c="dimmed">
          {t("experiments.plan.unfinished")}
        </Text>
      ) : (
        <Skeleton height={70} />
      )}
    </Stack>
  );
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
