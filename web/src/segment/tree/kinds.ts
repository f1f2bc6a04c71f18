import {
  IconArrowBigRightLines,
  IconCalendarEvent,
  IconChartPie,
  IconClick,
  IconEye,
  IconFingerprint,
  IconListNumbers,
  IconMailCheck,
  IconMapPin,
  IconMessageCircle,
  IconShoppingCart,
  IconTag,
  IconTargetArrow,
  IconUsersGroup,
  type Icon,
} from "@tabler/icons-react";
import type { Condition, Kind } from "../rule";

export const KIND_ICONS: Record<Kind, Icon> = {
  did: IconClick,
  value: IconMessageCircle,
  sequence: IconListNumbers,
  trait: IconTag,
  date: IconCalendarEvent,
  identifier: IconFingerprint,
  consent: IconMailCheck,
  seen: IconEye,
  came: IconArrowBigRightLines,
  place: IconMapPin,
  stage: IconTargetArrow,
  orders: IconShoppingCart,
  segment: IconUsersGroup,
  share: IconChartPie,
};

/** The kinds in the order in which they are offered. */
export const KIND_GROUPS = {
  behaviour: ["did", "value", "sequence", "seen"],
  known: ["trait", "date", "identifier", "consent", "place", "came"],
  business: ["stage", "orders"],
  people: ["segment", "share"],
} as const satisfies Record<string, Kind[]>;

export const DEFAULT_SPAN = "30d";

/** A condition of a kind as it begins: what can be guessed is, the rest waits to be filled in. */
export function blank(kind: Kind): Condition {
  switch (kind) {
    case "did":
      return {
        if: kind,
        event: "",
        measure: { of: "count" },
        is: { op: "at_least", number: 1 },
        within: { last: DEFAULT_SPAN },
      };
    case "value":
      return { if: kind, which: "latest", event: "", field: "", is: { op: "is", values: [] } };
    case "sequence":
      return { if: kind, steps: [{ event: "" }, { event: "" }], span: "7d" };
    case "trait":
      return { if: kind, name: "", is: { op: "is", values: [] } };
    case "date":
      return { if: kind, name: "", from_days: 0, to_days: 30 };
    case "identifier":
      return { if: kind, kind: "email" };
    case "consent":
      return { if: kind, purpose: "marketing", is: "given" };
    case "seen":
      return { if: kind, which: "latest", within: DEFAULT_SPAN };
    case "came":
      return { if: kind, which: "first", by: "channel", is: { op: "is", values: [] } };
    case "place":
      return { if: kind, by: "region", is: { op: "is", values: [] } };
    case "stage":
      return { if: kind, stages: [] };
    case "orders":
      return { if: kind, measure: "count", is: { op: "at_least", number: 1 } };
    case "segment":
      return { if: kind, segment_id: "" };
    case "share":
      return { if: kind, seed: "a", from: 0, to: 100 };
  }
}
