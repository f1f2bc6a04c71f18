import { Badge, Progress, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { SegmentItem } from "../../segment/api";
import { useFormat } from "../../ui/FormatContext";

/** Whether the rule is in force, or how far it is computed. */
export function SegmentState({ segment }: { segment: SegmentItem }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { state, percent, is_changing } = segment;
  if (state === "live")
    return (
      <Badge size="sm" variant="light" color="green">
        {t("segments.state.live")}
      </Badge>
    );
  const words = t(`segments.state.${state}`, { percent: format.percent(percent / 100) });
  return (
    <div data-computing>
      <Text size="xs" mb={3}>
        {words}
      </Text>
      <Progress value={Math.max(3, percent)} striped animated size="sm" aria-label={words} />
      {is_changing && (
        <Text size="xs" c="dimmed" mt={3}>
          {t("segments.state.changing")}
        </Text>
      )}
    </div>
  );
}
