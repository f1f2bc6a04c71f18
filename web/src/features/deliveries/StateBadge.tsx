import { Badge } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { MessageState } from "./search";

const COLORS: Record<MessageState, string> = {
  pending: "blue",
  postponed: "blue",
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
      {t(`message.state.${state}`)}
    </Badge>
  );
}
