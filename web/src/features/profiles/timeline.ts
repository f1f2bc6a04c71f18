import type { TimelineItem } from "../../api/types";

/** What sort of moment an event is in a person's story. */
export type MomentSort = "visit" | "call" | "lead" | "order" | "known" | "other";

export function momentSort({
  event,
  type,
  properties,
}: Pick<TimelineItem, "event" | "type" | "properties">): MomentSort {
  if (type === "identify" || type === "alias" || type === "group") return "known";
  if (type === "page" || type === "screen") return "visit";
  if ("call_id" in properties || event.includes("call")) return "call";
  if ("order_id" in properties || /order|contract|delivered|service/.test(event)) return "order";
  if ("lead_id" in properties || /lead|test_drive|offer/.test(event)) return "lead";
  return /view|visit|page|config/.test(event) ? "visit" : "other";
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
