import {
  IconArrowsSplit,
  IconClockHour4,
  IconDice3,
  IconEar,
  IconHeadset,
  IconPlayerPlay,
  IconRoute,
  IconSend,
  IconTag,
  IconTargetArrow,
  type Icon,
} from "@tabler/icons-react";
import type { Kind } from "./journey";

export const KIND_ICONS: Record<Kind | "entry", Icon> = {
  entry: IconPlayerPlay,
  send: IconSend,
  wait: IconClockHour4,
  wait_for: IconEar,
  branch: IconArrowsSplit,
  split: IconDice3,
  call_task: IconHeadset,
  set_trait: IconTag,
  set_stage: IconTargetArrow,
  journey: IconRoute,
};

/** The kinds as they are offered; the group gives a card its colour. */
export const KIND_GROUPS = {
  say: ["send", "call_task"],
  wait: ["wait", "wait_for"],
  decide: ["branch", "split"],
  do: ["set_trait", "set_stage", "journey"],
} as const satisfies Record<string, Kind[]>;

type Group = keyof typeof KIND_GROUPS;
const GROUPS = Object.keys(KIND_GROUPS) as Group[];

export const groupOf = (kind: Kind): Group =>
  GROUPS.find((group) => (KIND_GROUPS[group] as readonly Kind[]).includes(kind)) ?? "do";
