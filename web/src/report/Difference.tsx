import { Badge, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { ExperimentComparison } from "../api/types";
import { useDifference } from "./useDifference";

const COLOURS = { higher: "teal", lower: "red", undecided: "gray", too_early: "gray" } as const;

/** How far a variant is from its control, with the interval below. */
export function Difference({ comparison, isShare }: { comparison: ExperimentComparison; isShare: boolean }) {
  const { t } = useTranslation();
  const { value, low, high } = useDifference(isShare)(comparison);
  return (
    <>
      <b>{value}</b>
      <Text size="xs" c="dimmed">
        {t("report.interval", { low, high })}
      </Text>
    </>
  );
}

/** What may be said of it. */
export function VerdictBadge({ comparison: { verdict } }: { comparison: ExperimentComparison }) {
  const { t } = useTranslation();
  return (
    <Badge variant="light" color={COLOURS[verdict]}>
      {t(`report.verdict.${verdict}`)}
    </Badge>
  );
}
