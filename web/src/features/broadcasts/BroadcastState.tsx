import { Badge } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useFormat } from "../../ui/FormatContext";
import type { BroadcastItem, BroadcastState, Counts } from "./api";
import classes from "./Broadcasts.module.css";

const COLORS: Record<BroadcastState, string> = {
  draft: "gray",
  scheduled: "blue",
  sending: "petrol",
  paused: "amber",
  sent: "green",
  cancelled: "red",
};

export function StateBadge({ state, size = "sm" }: { state: BroadcastState; size?: "sm" | "lg" }) {
  const { t } = useTranslation();
  return (
    <Badge size={size} variant="light" color={COLORS[state]}>
      {t(`broadcasts.state.${state}`)}
    </Badge>
  );
}

export const REACHES = ["sent", "delivered", "read", "clicked"] as const;

/** How far messages came, as a bar of parts that lie over each other; the figures are written beside it. */
export function ReachBar({ counts }: { counts: Counts }) {
  const { t } = useTranslation();
  const format = useFormat();
  const told = REACHES.map((reach) => `${t(`broadcasts.count.${reach}`)}: ${format.integer(counts[reach])}`).join(
    " · ",
  );
  const most = Math.max(1, counts.messages - counts.suppressed);
  return (
    <div className={classes.reach} role="img" aria-label={told} title={told}>
      {REACHES.map((reach) => (
        <div key={reach} data-reach={reach} style={{ width: `${Math.min(100, (100 * counts[reach]) / most)}%` }} />
      ))}
    </div>
  );
}

/** Whether it is on its way: then it is worth a look at how far. */
export const isUnderWay = ({ state }: Pick<BroadcastItem, "state">) => state === "sending" || state === "paused";
