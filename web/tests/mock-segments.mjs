// Segments of the made-up server: those that are saved are computed in a few seconds.
import { catalogue, people } from "./mock-data.mjs";

const DAY_MS = 86_400_000;
const COMPUTING_MS = 6_000;
const OF = 182_400;

const did = (event, number, last, where) => ({
  if: "did",
  event,
  ...(where && { where }),
  measure: { of: "count" },
  is: { op: "at_least", number },
  within: { last },
});
const segments = [
  {
    segment_id: "keen",
    name: "Viewed cars 3 times, no lead",
    description: "",
    tz: "Europe/Kyiv",
    rule: {
      if: "all",
      rules: [
        did("car_viewed", 3, "2w", [{ field: "model", op: "is", values: ["Aster", "Boreal"] }]),
        { if: "not", rule: did("lead_created", 1, "2w") },
      ],
    },
    version: 1,
    size: 12_431,
    changed_at: new Date(Date.now() - 12 * DAY_MS).toISOString(),
    changed_by: "ana@example.com",
    since: 0,
  },
  {
    segment_id: "delivery",
    name: "Delivery in the next 30 days",
    description: "Owners who wait for their car.",
    tz: "Europe/Kyiv",
    rule: {
      if: "all",
      rules: [
        { if: "date", name: "delivery_date", from_days: 0, to_days: 30 },
        {
          if: "any",
          rules: [
            { if: "identifier", kind: "email" },
            { if: "identifier", kind: "phone" },
          ],
        },
      ],
    },
    version: 2,
    size: 318,
    changed_at: new Date(Date.now() - 3 * DAY_MS).toISOString(),
    changed_by: "ana@example.com",
    since: 0,
  },
];
let versions = 2;

const usedBy = (id) =>
  segments.filter(({ rule }) => JSON.stringify(rule).includes(`"segment_id":"${id}"`)).map((each) => each.segment_id);

function item({ since, ...segment }) {
  const percent = Math.min(100, Math.round((100 * (Date.now() - since)) / COMPUTING_MS));
  const state = 100 <= percent ? "live" : percent < 60 ? "filling" : "deciding";
  return {
    ...segment,
    state,
    percent: state === "live" ? 100 : percent,
    is_changing: state !== "live" && segment.version !== segment.first,
    entered_7d: Math.round(segment.size / 20),
    left_7d: Math.round(segment.size / 31),
    used_by: usedBy(segment.segment_id),
  };
}

function detail(segment) {
  const history = Array.from({ length: 90 }, (_, at) => {
    const size = at < 60 ? null : Math.round(segment.size * (0.8 + at / 450 + Math.sin(at) / 60));
    const turned = at < 60 ? 0 : Math.round(segment.size / 90);
    const day = new Date(Date.now() - (89 - at) * DAY_MS).toISOString().slice(0, 10);
    return {
      day,
      size,
      entered: at < 60 ? 0 : turned + (at % 5),
      left: at < 60 ? 0 : Math.round(turned * 0.7) + (at % 3),
    };
  });
  const overlap = segments
    .filter((other) => other !== segment)
    .map(({ segment_id, name, size }) => ({
      segment_id,
      name,
      profiles: Math.round(Math.min(size, segment.size) / 3),
    }));
  return { ...item(segment), history, overlap };
}

function save(body, before) {
  versions += 1;
  return {
    ...before,
    ...body,
    version: versions,
    first: before ? 0 : versions,
    size: before?.size ?? 4_210,
    changed_at: new Date().toISOString(),
    changed_by: "ana@example.com",
    since: Date.now(),
  };
}

const missing = { refusal: { status: 404, error: { code: "not_found", message: "There is no such segment." } } };
const find = (id) => segments.find(({ segment_id }) => segment_id === id);

export const segmentRoutes = [
  ["GET", "/api/segments", () => ({ segments: segments.map(item) })],
  [
    "POST",
    "/api/segments",
    ({ body }) => {
      segments.push(save(body));
      return item(segments.at(-1));
    },
  ],
  [
    "GET",
    "/api/segments/fields",
    () => ({
      events: catalogue.events.map(({ event, count }) => ({
        event,
        count,
        properties: ["price", "trim", "car.colour"],
      })),
      traits: ["city", "delivery_date", "birthday", "name", "email"],
      identifiers: ["anonymous_id", "email", "phone", "user_id"],
      stages: [
        "captured",
        "qualified",
        "dispatched",
        "contacted",
        "test_drive",
        "offer",
        "contract",
        "delivered",
        "lost",
      ],
      columns: ["channel", "utm_source", "utm_medium", "campaign", "region", "dealer", "model", "value", "url"],
      segments: segments.map(({ segment_id, name }) => ({ segment_id, name })),
    }),
  ],
  [
    "POST",
    "/api/segments/preview",
    ({ body }) => {
      const size = Math.round(OF / (2 + (JSON.stringify(body.rule).length % 37)));
      return {
        size,
        is_estimate: true,
        low: Math.round(size * 0.97),
        high: Math.round(size * 1.03),
        of: OF,
        sample: people.search("", null).profiles.slice(0, 8),
        elapsed_ms: 41,
        as_of: new Date().toISOString(),
      };
    },
  ],
  ["GET", "/api/segments/:id", ({ path }) => (find(path.id) ? detail(find(path.id)) : missing)],
  [
    "PUT",
    "/api/segments/:id",
    ({ path, body }) => {
      const at = segments.indexOf(find(path.id));
      segments[at] = save(body, segments[at]);
      return item(segments[at]);
    },
  ],
  [
    "DELETE",
    "/api/segments/:id",
    ({ path }) => {
      segments.splice(segments.indexOf(find(path.id)), 1);
      return { done: true };
    },
  ],
  [
    "GET",
    "/api/segments/:id/profiles",
    ({ query }) => {
      const { profiles } = people.search("", query.get("cursor"));
      const rows = profiles.map((row, at) => ({
        ...row,
        entered_at: new Date(Date.now() - at * DAY_MS).toISOString(),
      }));
      return { profiles: rows, next: query.get("cursor") ? null : "50" };
    },
  ],
];
