import { api, body } from "../api/client";
import type { ProfileRow } from "../api/types";
import type { Rule } from "./rule";

/** A segment as people define it. */
export type Segment = { segment_id: string; name: string; description: string; tz: string; rule: Rule };

/** A segment with how it fares. */
export type SegmentItem = Segment & {
  version: number;
  /** `filling`: what its rule needs of the past is brought in; `deciding`: people are decided. */
  state: "live" | "filling" | "deciding";
  /** How far the computing is. */
  percent: number;
  /** A version before is still in force. */
  is_changing: boolean;
  size: number;
  changed_at: string;
  changed_by: string;
  entered_7d: number;
  left_7d: number;
  /** Segments that look at this one. */
  used_by: string[];
};

/** `size`: at the day's end, `null` before the rule in force was set. */
export type SegmentDay = { day: string; size: number | null; entered: number; left: number };
export type Overlap = { segment_id: string; name: string; profiles: number };
export type SegmentDetail = SegmentItem & { history: SegmentDay[]; overlap: Overlap[] };
export type Member = ProfileRow & { entered_at: string };

/** What a builder may offer. */
export type Fields = {
  events: { event: string; count: number; properties: string[] }[];
  traits: string[];
  identifiers: string[];
  stages: string[];
  columns: string[];
  segments: { segment_id: string; name: string }[];
};

export type Preview = {
  size: number;
  is_estimate: boolean;
  low: number;
  high: number;
  of: number;
  sample: ProfileRow[];
  elapsed_ms: number;
  as_of: string;
};

type Init = { params?: { path?: object; query?: object }; body?: object; signal?: AbortSignal };
type Call = (path: string, init?: Init) => Promise<{ data?: unknown }>;
const { GET, POST, PUT, DELETE } = api as unknown as { GET: Call; POST: Call; PUT: Call; DELETE: Call };
const answer = <T>(call: Promise<{ data?: unknown }>) => body(call as Promise<{ data?: T }>);

export const segmentCalls = {
  list: () => answer<{ segments: SegmentItem[] }>(GET("/api/segments")),
  get: (id: string) => answer<SegmentDetail>(GET("/api/segments/{id}", { params: { path: { id } } })),
  people: (id: string, cursor: string) =>
    answer<{ profiles: Member[]; next: string | null }>(
      GET("/api/segments/{id}/profiles", {
        params: { path: { id }, query: { limit: 50, ...(cursor && { cursor }) } },
      }),
    ),
  fields: () => answer<Fields>(GET("/api/segments/fields")),
  preview: (asked: { rule: Rule; tz: string }, signal: AbortSignal) =>
    answer<Preview>(POST("/api/segments/preview", { body: asked, signal })),
  create: (segment: Segment) => answer<unknown>(POST("/api/segments", { body: segment })),
  change: ({ segment_id: id, ...segment }: Segment) =>
    answer<unknown>(PUT("/api/segments/{id}", { params: { path: { id } }, body: segment })),
  remove: (id: string) => answer<unknown>(DELETE("/api/segments/{id}", { params: { path: { id } } })),
};
