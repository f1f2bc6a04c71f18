import {
  chainDraftOf,
  chainOf,
  newKey,
  newStep,
  secondsOf,
  spanOf,
  type Span,
  type StepDraft,
} from "../../message/chain";
import type { Broadcast } from "./api";
import { WHOLE, type Shares } from "./shares";
import { fromWall, toWall } from "../../ui/zoned";

export type VariantDraft = { key: number; name: string; share: number; chain: StepDraft[] };
/** A broadcast as its builder holds it. */
export type Draft = {
  id: string;
  name: string;
  segmentId: string | null;
  excludedIds: string[];
  purpose: string;
  variants: VariantDraft[];
  holdout: number;
  /** `wall`: by the clock of the installation. */
  start: { kind: "now" } | { kind: "at"; wall: string };
  perMinute: number | null;
  postpone: Span;
};

export const VARIANTS_MAX = 8;
const WAIT_S_MIN = 60;
const SPAN_S_MAX = 30 * 86_400;

export function blankDraft(purpose: string): Draft {
  return {
    id: "",
    name: "",
    segmentId: null,
    excludedIds: [],
    purpose,
    variants: [{ key: newKey(), name: "A", share: WHOLE, chain: [newStep()] }],
    holdout: 0,
    start: { kind: "now" },
    perMinute: null,
    postpone: { number: 1, unit: "day" },
  };
}

/** * `zone`: of the installation. */
export function draftOf(broadcast: Broadcast, zone: string): Draft {
  return {
    id: broadcast.broadcast_id,
    name: broadcast.name,
    segmentId: broadcast.segment_id,
    excludedIds: broadcast.excluded_segment_ids,
    purpose: broadcast.purpose,
    variants: broadcast.variants.map(({ name, share, chain }) => ({
      key: newKey(),
      name,
      share,
      chain: chainDraftOf(chain),
    })),
    holdout: broadcast.holdout,
    start: broadcast.starts_at === null ? { kind: "now" } : { kind: "at", wall: toWall(broadcast.starts_at, zone) },
    perMinute: broadcast.per_minute,
    postpone: spanOf(broadcast.postpone_s),
  };
}

/** The broadcast as the server takes it; the wait of a last step is nothing. */
export function broadcastOf(draft: Draft, zone: string): Broadcast {
  return {
    broadcast_id: draft.id,
    name: draft.name.trim(),
    segment_id: draft.segmentId,
    excluded_segment_ids: draft.excludedIds,
    purpose: draft.purpose,
    variants: draft.variants.map(({ name, share, chain }) => ({
      name: name.trim(),
      share,
      chain: chainOf(chain),
    })),
    holdout: draft.holdout,
    starts_at: draft.start.kind === "now" ? null : fromWall(draft.start.wall, zone),
    per_minute: draft.perMinute,
    postpone_s: secondsOf(draft.postpone),
  };
}

/** The wish alone, without what became of it. */
export function broadcastIn(item: Broadcast): Broadcast {
  const { broadcast_id, name, segment_id, excluded_segment_ids, purpose, variants } = item;
  const { holdout, starts_at, per_minute, postpone_s } = item;
  return {
    broadcast_id,
    name,
    segment_id,
    excluded_segment_ids,
    purpose,
    variants,
    holdout,
    starts_at,
    per_minute,
    postpone_s,
  };
}

export const sharesOf = ({ variants, holdout }: Draft): Shares => ({
  variants: variants.map(({ share }) => share),
  holdout,
});

/** Shares as they were changed, given to the variants in their order. */
export function withShares(draft: Draft, { variants, holdout }: Shares): Draft {
  return { ...draft, holdout, variants: draft.variants.map((each, at) => ({ ...each, share: variants[at] ?? 0 })) };
}

/** The first letter that no variant is called by. */
export function freeName(variants: VariantDraft[]): string {
  const taken = new Set(variants.map(({ name }) => name.trim()));
  return [..."ABCDEFGHIJ"].find((letter) => !taken.has(letter)) ?? `${variants.length + 1}`;
}

export type Problem =
  "name" | "purpose" | "template" | "variant_name" | "wait" | "starts_at" | "starts_past" | "postpone";

/** What must be mended before the server takes it, in the order of the page. */
export function problemsOf(draft: Draft, zone: string, now: Date): Problem[] {
  const found: Problem[] = [];
  const names = draft.variants.map(({ name }) => name.trim());
  if (draft.name.trim() === "") found.push("name");
  if (draft.variants.some(({ chain }) => chain.some(({ templateId }) => !templateId))) found.push("template");
  if (names.some((name) => name === "" || name === "holdout") || new Set(names).size < names.length)
    found.push("variant_name");
  const waits = draft.variants.flatMap(({ chain }) => chain.slice(0, -1).map(({ wait }) => secondsOf(wait)));
  if (waits.some((seconds) => seconds < WAIT_S_MIN || SPAN_S_MAX < seconds)) found.push("wait");
  if (draft.purpose === "") found.push("purpose");
  if (draft.start.kind === "at") {
    const moment = fromWall(draft.start.wall, zone);
    if (moment === null) found.push("starts_at");
    else if (new Date(moment) < now) found.push("starts_past");
  }
  const postponed = secondsOf(draft.postpone);
  if (postponed < 0 || SPAN_S_MAX < postponed) found.push("postpone");
  return found;
}

/** Whether there is enough to ask what would come of it. */
export function canAsk(draft: Draft, zone: string, now: Date): boolean {
  const harmless: Problem[] = ["name", "starts_past"];
  return problemsOf(draft, zone, now).every((problem) => harmless.includes(problem));
}
