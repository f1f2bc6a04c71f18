import { api, body } from "../api/client";
import type { components } from "../api/schema";
import type { Rule } from "./rule";

type Schemas = components["schemas"];
/** What the document says of rules is less exact than {@link Rule}: there a field left out may be null too. */
type Told<Answer> = Omit<Answer, "rule"> & { rule: Rule };

/** A segment as people define it. */
export type Segment = { segment_id: string; name: string; description: string; tz: string; rule: Rule };
export type SegmentItem = Told<Schemas["SegmentItem"]>;
export type SegmentDay = Schemas["SegmentDay"];
export type Overlap = Schemas["SegmentOverlap"];
export type SegmentDetail = Told<Schemas["SegmentDetail"]>;
export type Member = Schemas["SegmentProfile"];
export type ProfileSegment = Schemas["ProfileSegment"];
/** What a builder may offer. */
export type Fields = Schemas["SegmentFields"];
export type Preview = Schemas["SegmentPreview"];

const told = <Answer>(answer: Answer) => answer as Told<Answer>;

export const segmentCalls = {
  list: async () => {
    const { segments } = await body(api.GET("/api/segments"));
    return { segments: segments.map(told) };
  },
  get: async (id: string) => told(await body(api.GET("/api/segments/{id}", { params: { path: { id } } }))),
  people: (id: string, cursor: string) =>
    body(
      api.GET("/api/segments/{id}/profiles", {
        params: { path: { id }, query: { limit: 50, ...(cursor && { cursor }) } },
      }),
    ),
  fields: () => body(api.GET("/api/segments/fields")),
  preview: (asked: { rule: Rule; tz: string }, signal: AbortSignal) =>
    body(api.POST("/api/segments/preview", { body: asked, signal })),
  create: (segment: Segment) => body(api.POST("/api/segments", { body: segment })),
  change: ({ segment_id: id, ...segment }: Segment) =>
    body(api.PUT("/api/segments/{id}", { params: { path: { id } }, body: segment })),
  remove: (id: string) => body(api.DELETE("/api/segments/{id}", { params: { path: { id } } })),
};
