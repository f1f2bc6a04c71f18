import type { TimelineItem } from "../../api/types";
import { isRule, type Rule } from "../../segment/rule";

/** What sort of moment an event is in a person's story. */
export type MomentSort = "visit" | "call" | "lead" | "order" | "known" | "segment" | "other";

export function momentSort({
  event,
  type,
  properties,
}: Pick<TimelineItem, "event" | "type" | "properties">): MomentSort {
  if (turnOf({ event, properties })) return "segment";
  if (type === "identify" || type === "alias" || type === "group") return "known";
  if (type === "page" || type === "screen") return "visit";
  if ("call_id" in properties || event.includes("call")) return "call";
  if ("order_id" in properties || /order|contract|delivered|service/.test(event)) return "order";
  if ("lead_id" in properties || /lead|test_drive|offer/.test(event)) return "lead";
  return /view|visit|page|config/.test(event) ? "visit" : "other";
}

/** That somebody came into a segment or went out of it, and the conditions that decided it. */
export type Turn = { way: "entered" | "left"; segment: string; because: Rule[] };

/** What an event that the fold derived of a segment says; `null` for all others. */
export function turnOf({ event, properties }: Pick<TimelineItem, "event" | "properties">): Turn | null {
  const { segment, because } = properties;
  if ((event !== "segment_entered" && event !== "segment_left") || typeof segment !== "string") return null;
  const conditions = Array.isArray(because) ? because.filter((condition) => isRule(condition)) : [];
  return { way: event === "segment_entered" ? "entered" : "left", segment, because: conditions };
}

/** That somebody's run of a journey began or ended. */
export type RunMoment = { journeyId: string; journey: string; runId: string };

/** What an event that the fold derived of a run says; `null` for all others. */
export function runOf({ event, properties }: Pick<TimelineItem, "event" | "properties">): RunMoment | null {
  const { journey_id: journeyId, journey, run_id: runId } = properties;
  if (event !== "journey_entered" && event !== "journey_ended") return null;
  if (typeof journeyId !== "string" || typeof journey !== "string" || typeof runId !== "string") return null;
  return { journeyId, journey, runId };
}

/** Moments of one calendar day, in the order in which they came. */
export type Day = { day: string; items: TimelineItem[] };

/** Cuts a list that is ordered by time into its days. */
export function byDay(items: TimelineItem[], dayOf: (iso: string) => string): Day[] {
  const days: Day[] = [];
  for (const item of items) {
    const day = dayOf(item.ts);
    const last = days.at(-1);
    if (last?.day === day) last.items.push(item);
    else days.push({ day, items: [item] });
  }
  return days;
}

/** Where on the site it was: the page's title, else its address. */
export function place({ properties, url }: Pick<TimelineItem, "properties" | "url">): string | null {
  const { title } = properties;
  if (typeof title === "string" && title !== "") return title;
  return url ? withoutHost(url) : null;
}

function withoutHost(url: string): string {
  return URL.canParse(url) ? new URL(url).pathname : url;
}
