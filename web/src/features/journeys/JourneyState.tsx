import { Badge, Group } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { JourneyState } from "./api";

const COLORS: Record<JourneyState, string> = { draft: "gray", live: "green", closed: "amber", stopped: "red" };

/** Where a journey stands, and whether what is drawn is what people go by. */
export function StateBadge({ state, isPublished }: { state: JourneyState; isPublished: boolean }) {
  const { t } = useTranslation();
  return (
    <Group gap={6} wrap="nowrap" style={{ display: "inline-flex" }}>
      <Badge size="sm" variant="light" color={COLORS[state]}>
        {t(`journeys.state.${state}`)}
      </Badge>
      {!isPublished && state !== "draft" && (
        <Badge size="sm" variant="outline" color="amber" c="var(--fc-code-place)">
          {t("journeys.unpublished")}
        </Badge>
      )}
    </Group>
  );
}
