import {
  IconAlarm,
  IconArrowBackUp,
  IconArrowRight,
  IconCalendarEvent,
  IconCheck,
  IconClockExclamation,
  IconCopy,
  IconEye,
  IconGauge,
  IconHandGrab,
  IconHeadset,
  IconMessage2,
  IconNote,
  IconPhone,
  IconPhoneCall,
  IconSend,
  IconTargetArrow,
  IconTransfer,
  IconTrendingUp,
  IconUserShare,
  IconX,
  type Icon,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { humanise, label } from "../../api/labels";
import { LEAD_STAGES, VERIFY_OUTCOMES, type Move } from "../../api/leads";
import { useFormat } from "../../ui/FormatContext";
import classes from "./Lead.module.css";

type Tone = "plain" | "good" | "warn" | "bad";
const LOOKS: Record<string, [Icon, Tone]> = {
  opened: [IconTargetArrow, "plain"],
  scored: [IconGauge, "plain"],
  promoted: [IconTrendingUp, "good"],
  dispatched: [IconSend, "plain"],
  accepted: [IconCheck, "good"],
  contacted: [IconPhone, "good"],
  stage: [IconArrowRight, "good"],
  warned: [IconAlarm, "warn"],
  expired: [IconClockExclamation, "bad"],
  returned: [IconArrowBackUp, "warn"],
  taken_back: [IconArrowBackUp, "warn"],
  assigned: [IconUserShare, "plain"],
  verified: [IconHeadset, "good"],
  claimed: [IconHandGrab, "plain"],
  rung: [IconPhoneCall, "plain"],
  transferred: [IconTransfer, "plain"],
  lost: [IconX, "bad"],
  reappeared: [IconEye, "warn"],
  note: [IconNote, "plain"],
  duplicate: [IconCopy, "plain"],
  closed: [IconX, "plain"],
  appointment: [IconCalendarEvent, "good"],
};
const ACTS = [
  "opened",
  "scored",
  "promoted",
  "dispatched",
  "accepted",
  "contacted",
  "stage",
  "warned",
  "expired",
  "returned",
  "taken_back",
  "assigned",
  "verified",
  "claimed",
  "rung",
  "transferred",
  "lost",
  "reappeared",
  "note",
  "duplicate",
  "closed",
  "appointment",
] as const;
const DEALER = "dealer:";
/** A word of the rules, not a name or a sentence. */
const WORD = /^[a-z]+(_[a-z]+)*$/;
const asWord = (name: string) => (WORD.test(name) ? label("lead_word", name) : name);
const ISO = /^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/;

/** What happened to a lead, the latest first. */
export function Moves({ moves }: { moves: Move[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const place = (name: string) => {
    if (ISO.test(name)) return format.dateTime(name);
    const stage = LEAD_STAGES.find((known) => known === name);
    if (stage) return t(`stage.${stage}`);
    // A dealer's own name is left as it is.
    return name.startsWith(DEALER) ? name.slice(DEALER.length) : asWord(name);
  };
  const why = (reason: string) => {
    const outcome = VERIFY_OUTCOMES.find((known) => known === reason);
    return outcome ? t(`leads.outcome.${outcome}`) : asWord(reason);
  };
  return (
    <ol className={classes.moves}>
      {moves.map(({ at, act, actor, from, to, reason, note }, number) => {
        const [Picture, tone] = LOOKS[act] ?? [IconMessage2, "plain" as const];
        const known = ACTS.find((each) => each === act);
        const way = [from, to].filter(Boolean).map(place).join(" → ");
        return (
          <li key={number} className={classes.move}>
            <span className={classes.mark} data-tone={tone}>
              <Picture size={15} stroke={1.8} aria-hidden />
            </span>
            <b>{known ? t(`leads.act.${known}`) : humanise(act)}</b>
            <time dateTime={at}>{format.dateTime(at)}</time>
            <small>{[way, why(reason), note, actor].filter(Boolean).join(" · ")}</small>
          </li>
        );
      })}
    </ol>
  );
}
