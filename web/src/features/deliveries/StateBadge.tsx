import { Badge } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { MessageState } from "../../api/types";

const COLORS: Record<MessageState, string> = {
  pending: "blue",
  sent: "green",
  delivered: "green",
  undelivered: "red",
  failed: "red",
  unknown: "amber",
  held: "amber",
  suppressed: "gray",
};

export function StateBadge({ state }: { state: MessageState }) {
  const { t } = useTranslation();
  return (
    <Badge size="sm" variant="light" color={COLORS[state]}>
      {t(`deliveries.state.${state}`)}
    </Badge>
  );
}
