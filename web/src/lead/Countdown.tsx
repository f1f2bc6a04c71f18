import { IconAlarm, IconClockExclamation, IconStopwatch } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { LeadClock } from "../api/leads";
import { useFormat } from "../ui/FormatContext";
import { useNow } from "../ui/useNow";
import { leftOf, ticking, toneOf, type ClockTone } from "./clock";
import classes from "./Countdown.module.css";

const PICTURES: Record<ClockTone, typeof IconAlarm> = {
  fine: IconStopwatch,
  warned: IconAlarm,
  late: IconClockExclamation,
};

/** How long a dealer still has, second by second: calm, then amber, then red and counting on. */
export function Countdown({ clock, size = "small" }: { clock: LeadClock; size?: "small" | "big" }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  const tone = toneOf(clock, now);
  const left = leftOf(clock, now);
  const shown = ticking(left) ?? format.duration(Math.abs(left) / 1000);
  const Picture = PICTURES[tone];
  return (
    <span className={classes.clock} data-tone={tone} data-size={size} title={format.dateTime(clock.due_at)}>
      <Picture size={size === "big" ? 20 : 15} stroke={1.9} aria-hidden />
      <span>
        <span className={classes.left} role="timer">
          {tone === "late" ? t("lead.clock.late_by", { time: shown }) : shown}
        </span>
        <small className={classes.what}>{t(`lead.clock.${clock.for}`)}</small>
      </span>
    </span>
  );
}
