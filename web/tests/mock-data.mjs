// A dealer group in miniature, the same on every start.

let seed = 20260101;
function random() {
  seed = (seed * 1664525 + 1013904223) % 4294967296;
  return seed / 4294967296;
}
const pick = (list) => list[Math.floor(random() * list.length)];
const between = (low, high) => Math.round(low + random() * (high - low));
const now = Date.now();
const ago = (ms) => new Date(now - ms).toISOString();
const MINUTE = 60_000;
const DAY = 86_400_000;

const REGIONS = ["Norvia", "Kastria", "Velmora", "Sudria", "Tarsk", "Altamir", "Estwald", "Lanhai"];
const DEALERS = [
  "Aurelia Norvigrad North",
  "Aurelia Kastrov Ring",
  "Aurelia Velmir Centre",
  "Aurelia Tarsk Harbour",
  "Aurelia Lindhaven Centre",
];
const MODELS = ["Aster", "Belva", "Calyx", "Dione", "Elara", "Ferrin", "Galene"];
const CHANNELS = ["organic", "direct", "cpc", "paid_social", "display", "email", "messenger", "referral", "offline"];
const EVENTS = [
  "page",
  "car_viewed",
  "configurator_opened",
  "brochure_downloaded",
  "callback_requested",
  "form_submitted",
  "lead_created",
  "lead_qualified",
  "call_completed",
  "test_drive_booked",
  "test_drive_done",
  "offer_made",
  "contract_signed",
  "delivered",
  "service_visit",
];
const SOURCES = ["Website", "Mobile app", "CRM", "Call centre", "Dealer system"];
const NAMES = [
  "Ana Petrova",
  "Игорь Ковалёв",
  "Marta Schmidt",
  "Олена Шевченко",
  "王秀英",
  "Pavel Sokolov",
  "Renata Toth",
  "Timur Sadykov",
  "Stefan Weber",
  "Ирина Волкова",
  "李志强",
  "Zhanna Taras",
  "Tomas Silva",
  "Polina Zaitsev",
  "Viktor Urban",
  "Sofia Rossi",
];

export function overview(from, to) {
  const days = [];
  for (let at = Date.parse(from); at <= Date.parse(to); at += DAY) {
    const day = new Date(at).toISOString().slice(0, 10);
    const wave = 1 + 0.22 * Math.sin(at / DAY / 9) - ([0, 6].includes(new Date(at).getUTCDay()) ? 0.3 : 0);
    const leads = Math.round(92 * wave + random() * 24);
    const sales = Math.round(leads * (0.1 + random() * 0.05));
    days.push({
      day,
      events: Math.round(5200 * wave + random() * 600),
      new_profiles: Math.round(390 * wave + random() * 60),
      leads,
      sales,
      revenue: sales * between(26_000, 39_000),
    });
  }
  const sum = (name) => days.reduce((total, day) => total + day[name], 0);
  const totals = {
    events: sum("events"),
    new_profiles: sum("new_profiles"),
    leads: sum("leads"),
    sales: sum("sales"),
    revenue: sum("revenue"),
  };
  const share = [0.21, 0.16, 0.24, 0.12, 0.05, 0.08, 0.04, 0.06, 0.04];
  const cost = [640, 0, 5900, 3400, 2100, 220, 310, 700, 1900];
  return {
    from,
    to,
    as_of: new Date().toISOString(),
    totals: {
      ...totals,
      profiles: 151_842,
      currency: "EUR",
      previous: {
        events: totals.events * 0.94,
        new_profiles: totals.new_profiles * 1.03,
        leads: totals.leads * 0.89,
        sales: totals.sales * 0.95,
        revenue: totals.revenue * 0.918,
      },
    },
    days,
    channels: CHANNELS.map((channel, at) => ({
      channel,
      leads: Math.round(totals.leads * share[at]),
      sales: Math.round(totals.sales * share[at] * (0.8 + random() * 0.4)),
      revenue: totals.revenue * share[at] * (0.8 + random() * 0.4),
      cost: cost[at] * days.length * (channel === "display" ? 60 : 1),
    })),
    events: catalogue.events
      .slice(0, 12)
      .map(({ event, count }) => ({ event, count: Math.round((count * days.length) / 420) })),
    freshness: {
      log_offset: 2_104_392,
      folded_offset: 2_104_392,
      lake_offset: 2_104_380,
      lag_ms: 34,
      lake_age_ms: 1_840,
    },
    ingest: {
      accepted_24h: 148_204,
      refused_24h: 61,
      duplicates_24h: 1_204,
      per_minute: Array.from({ length: 60 }, (_, at) => ({
        at: ago((60 - at) * MINUTE),
        accepted: between(60, 150),
        refused: at % 17 === 3 ? between(4, 12) : 0,
      })),
    },
    jobs: [
      {
        id: "1",
        kind: "demo_seed",
        title: "Demo",
        state: "running",
        done: 1_412_000,
        total: 2_140_000,
        unit: "events",
        started_at: ago(MINUTE),
        message: null,
      },
    ],
  };
}

export const catalogue = {
  events: EVENTS.map((event, at) => ({
    event,
    count: Math.round(980_000 / (at + 1) ** 1.6),
    last_seen: ago(at * MINUTE),
  })),
  dimensions: {
    channel: CHANNELS,
    region: REGIONS,
    dealer: DEALERS,
    model: MODELS,
    utm_source: ["search-ads", "feed-ads", "newsletter"],
    campaign: ["brand-search", "dione-launch", "summer-drive"],
  },
};

let offset = 2_104_392;
function liveEvent(at) {
  const event = pick(EVENTS);
  const roll = random();
  const verdict = roll < 0.9 ? "accepted" : roll < 0.95 ? "duplicate" : "refused";
  const email = `${pick(["ana", "igor", "marta", "olena", "pavel"])}.${between(1, 999)}@example.com`;
  return {
    offset: String(offset++),
    received_at: at,
    ts: at,
    source: pick(SOURCES),
    event,
    type: event === "page" ? "page" : "track",
    profile_id: verdict === "accepted" ? "1000000000000000001" : null,
    identifiers:
      verdict === "refused"
        ? []
        : [
            { kind: "anonymous_id", value: `a-${between(1e6, 9e6)}` },
            ...(random() < 0.5 ? [{ kind: "email", value: email }] : []),
          ],
    verdict,
    reason:
      verdict === "refused"
        ? "event has no identifier: send `anonymousId` or `userId`"
        : verdict === "duplicate"
          ? "the same messageId came in 3 s before"
          : null,
    channel: random() < 0.7 ? pick(CHANNELS) : null,
    raw: {
      type: "track",
      event,
      messageId: `m-${offset}`,
      timestamp: at,
      anonymousId: "a-7712031",
      properties: { model: pick(MODELS), region: pick(REGIONS) },
      context: { library: { name: "analytics.js", version: "2.11.1" }, locale: "en-GB" },
    },
  };
}

export const live = {
  next: () => liveEvent(new Date().toISOString()),
  recent: (limit) => Array.from({ length: limit }, (_, at) => liveEvent(new Date(Date.now() - at * 900).toISOString())),
};

export const refused = [
  [
    "no_identifier",
    "event has no identifier: send `anonymousId` or `userId`",
    '{"type":"track","event":"car_viewed","properties":{"model":"Aster"}}',
  ],
  [
    "no_identifier",
    "event has no identifier: send `anonymousId` or `userId`",
    '{"type":"track","event":"form_submitted","properties":{"form":"test-drive"}}',
  ],
  [
    "blocked_identifier",
    "`undefined` is not an identifier: send the person's own id",
    '{"type":"identify","userId":"undefined","traits":{"name":"Ana"}}',
  ],
  [
    "invalid_timestamp",
    "timestamp `32.13.2026` is not a time: send ISO 8601, e.g. 2026-01-31T09:30:00Z",
    '{"type":"track","event":"lead_created","userId":"u-1","timestamp":"32.13.2026"}',
  ],
  ["invalid_json", "line 1, column 42: expected `,` or `}`", '{"type":"track","event":"delivered" "userId":"u-1"}'],
].map(([reason_code, reason, raw], at) => ({
  id: String(at + 1),
  received_at: ago(at * 37 * MINUTE),
  source: SOURCES[at % 5],
  reason_code,
  reason,
  raw,
  state: "open",
}));

const rows = Array.from({ length: 50 }, (_, at) => {
  const name = NAMES[at % NAMES.length];
  const anonymous = at % 9 === 7;
  return {
    profile_id: String(1_000_000_000_000_000_001n + BigInt(at)),
    name: anonymous ? null : name,
    email:
      anonymous || at % 5 === 3 ? null : `${at === 0 ? "alexandra.konstantinopolskaya" : "person"}.${at}@example.com`,
    phone: anonymous || at % 4 === 2 ? null : `+7900000${String(1000 + at)}`,
    first_seen: ago(DAY * between(20, 400)),
    last_seen: ago(MINUTE * between(1, 90_000)),
    events: between(3, 240),
    channel: pick(CHANNELS),
    region: anonymous ? null : pick(REGIONS),
    dealer: at % 3 ? pick(DEALERS) : null,
    identifiers: between(1, 6),
  };
});

export const people = {
  search(q, cursor) {
    const found = rows.filter((row) =>
      [row.name, row.email, row.phone].some((text) => text?.toLowerCase().includes(q.toLowerCase())),
    );
    return {
      profiles: cursor ? found.slice(0, 20) : found,
      next_cursor: cursor || q ? null : "next",
      total: q ? found.length : 151_842,
    };
  },
};

export function profile(id) {
  const row = rows.find((row) => row.profile_id === id);
  if (!row) return null;
  return {
    ...row,
    traits: [
      ["name", row.name],
      ["city", "Norvigrad"],
      ["birthday", "1986-04-11"],
      ["model_of_interest", "Dione"],
      ["consent_email", true],
      ["consent_calls", false],
    ].map(([name, value]) => ({ name, value, at: ago(9 * DAY), source: "Website" })),
    identifiers: [
      ["user_id", "u-0004211", [["signed_in", "anonymous_id", "5f0c1c9e-8c1d-4d57-a1be-0d4f9b1c8f11"]]],
      ["email", row.email ?? "ana@example.com", [["same_event", "user_id", "u-0004211"]]],
      ["phone", row.phone ?? "+79000000001", [["same_event", "crm_id", "C-0004211"]]],
      ["crm_id", "C-0004211", [["same_event", "phone", "+79000000001"]]],
      ["anonymous_id", "5f0c1c9e-8c1d-4d57-a1be-0d4f9b1c8f11", [["signed_in", "user_id", "u-0004211"]]],
    ].map(([kind, value, evidence], at) => ({
      kind,
      value,
      first_seen: ago(120 * DAY),
      last_seen: ago(DAY * (at + 1)),
      events: between(2, 90),
      fragment_id: String(at),
      evidence: evidence.map(([rule, kind, value]) => ({
        rule,
        with: { kind, value },
        at: ago(40 * DAY),
        offset: String(at * 1000),
      })),
    })),
    first_touch: { channel: "paid_social", utm_source: "feed-ads", campaign: "dione-teaser", at: ago(120 * DAY) },
    last_touch: { channel: "cpc", utm_source: "search-ads", campaign: "brand-search", at: ago(2 * DAY) },
    counts: EVENTS.slice(0, 8).map((event, at) => ({
      event,
      count: 60 - at * 7,
      first: ago(120 * DAY),
      last: ago(DAY),
    })),
    leads: [
      {
        lead_id: "L-0004211-0",
        created_at: ago(41 * DAY),
        stage: "contract",
        model: "Dione",
        dealer: DEALERS[0],
        region: "Norvia",
        channel: "cpc",
        updated_at: ago(6 * DAY),
      },
    ],
    orders: [
      {
        order_id: "O-0004211-0",
        at: ago(6 * DAY),
        status: "confirmed",
        revenue: 38_900,
        currency: "EUR",
        model: "Dione",
        dealer: DEALERS[0],
      },
    ],
    calls: [
      { call_id: "T-1", at: ago(40 * DAY), direction: "in", duration_s: 214, result: "answered" },
      { call_id: "T-2", at: ago(39 * DAY), direction: "out", duration_s: 0, result: "missed" },
    ],
  };
}

export function timeline(kind) {
  const story = [
    ["page", "page", {}],
    ["car_viewed", "track", { model: "Dione", url: "https://aurelia.example/models/dione" }],
    ["configurator_opened", "track", { model: "Dione" }],
    ["form_submitted", "track", { form: "test-drive", model: "Dione" }],
    ["", "identify", {}],
    ["call_completed", "track", { call_id: "T-1", duration_s: 214, result: "answered" }],
    ["lead_created", "track", { lead_id: "L-1", model: "Dione" }],
    ["test_drive_done", "track", { lead_id: "L-1", model: "Dione" }],
    ["contract_signed", "track", { order_id: "O-1", model: "Dione" }],
  ];
  const items = story
    .map(([event, type, properties], at) => ({
      ts: ago(DAY * Math.floor((story.length - at) / 3) * 6 + (story.length - at) * 7 * MINUTE),
      event,
      type,
      channel: at < 5 ? "cpc" : null,
      utm_source: at < 5 ? "search-ads" : null,
      campaign: at < 5 ? "brand-search" : null,
      region: "Norvia",
      model: properties.model ?? null,
      url: properties.url ?? (type === "page" ? "https://aurelia.example/offers" : null),
      dealer: at > 6 ? DEALERS[0] : null,
      value: event === "contract_signed" ? 38_900 : null,
      currency: "EUR",
      properties,
      source: at < 5 ? "Website" : "CRM",
      message_id: `m-${at}`,
      offset: String(at),
    }))
    .reverse();
  const wanted = {
    all: () => true,
    visits: ({ event, type }) => type === "page" || /view|config/.test(event),
    calls: ({ event }) => event.includes("call"),
    leads: ({ event }) => /lead|drive/.test(event),
    orders: ({ event }) => event.includes("contract"),
  }[kind];
  return { items: items.filter(wanted), next_cursor: null };
}

export function funnel({ steps, by, trend, compare, versus }) {
  const shares = [1, 0.218, 0.147, 0.101, 0.064, 0.041, 0.03, 0.02, 0.01, 0.005];
  const of = (first, bend) =>
    steps.map(({ event }, at) => {
      const profiles = Math.round(first * shares[at] ** bend);
      const before = at === 0 ? profiles : Math.round(first * shares[at - 1] ** bend);
      return {
        event,
        profiles,
        rate: profiles / first,
        step_rate: profiles / before,
        median_time_s: at === 0 ? null : ([0, 259_200, 345_600, 950_400, 2_600_000][at] ?? 80_000),
      };
    });
  const groups = by?.[0]
    ? catalogue.dimensions[by[0]].map((value, at) => ({
        by: { [by[0]]: value },
        steps: of(9000 / (at + 1), 0.8 + at * 0.07),
      }))
    : [];
  return {
    steps: of(38_214, 1),
    groups,
    groups_omitted: 0,
    conversion_time:
      steps.length < 2
        ? null
        : {
            profiles: of(38_214, 1).at(-1).profiles,
            mean_s: 1_900_000,
            median_s: 1_600_000,
            p25_s: 900_000,
            p75_s: 2_700_000,
            p90_s: 3_900_000,
            bars: Array.from({ length: 12 }, (_, at) => ({
              from_s: at * 604_800,
              to_s: at === 11 ? null : (at + 1) * 604_800,
              profiles: Math.round(600 * (at + 0.6) * Math.exp(-at / 2)),
            })),
          },
    trend: trend
      ? Array.from({ length: 13 }, (_, at) => ({
          start: new Date(Date.now() - (12 - at) * 604_800_000).toISOString().slice(0, 10),
          profiles: of(2600 + 190 * Math.sin(at), 1 + at * 0.02).map(({ profiles }) => profiles),
          is_complete: at < 5,
        }))
      : [],
    compared:
      compare || versus
        ? {
            from: compare ? "2026-01-01T00:00:00.000Z" : null,
            to: compare ? "2026-04-01T00:00:00.000Z" : null,
            steps: of(35_020, 1.04),
            differences: of(38_214, 1).map(({ rate }, at) => ({
              value: rate - of(35_020, 1.04)[at].rate,
              low: at === 0 || versus === "everybody" ? null : rate * 0.02,
              high: at === 0 || versus === "everybody" ? null : rate * 0.09,
            })),
          }
        : null,
    rows_scanned: 2_104_392,
    elapsed_ms: 184,
    as_of: new Date().toISOString(),
  };
}

export const experiments = [
  {
    name: "Model page",
    event: "experiment_viewed",
    experiment_property: "experiment",
    variant_property: "variant",
    variants: [
      { name: "brochure on top", exposures: 8321 },
      { name: "original", exposures: 8290 },
    ],
    first_seen: new Date(now - 56 * DAY).toISOString(),
    last_seen: new Date(now).toISOString(),
  },
];

export function experiment() {
  const around = (value, half) => ({ value, low: value - half, high: value + half });
  const of = (day) => 90 * (day + 1);
  const half = (day) => 3 / Math.sqrt(of(day) * 0.05);
  const days = Array.from({ length: 56 }, (_, day) => {
    const uplift = around(0.5 + 0.3 / (day + 1), half(day));
    const told = day < 3 ? null : uplift;
    return {
      day: new Date(now - (55 - day) * DAY).toISOString().slice(0, 10),
      variants: [
        { people: of(day), mean: 0.04, difference: null, uplift: null },
        { people: of(day), mean: 0.06, difference: told && around(0.02, 0.04 * half(day)), uplift: told },
      ],
    };
  });
  const uplift = days.at(-1).variants[1].uplift;
  const comparison = {
    difference: around(0.02, 0.04 * half(55)),
    uplift,
    p: 0.0004,
    fixed: around(0.02, 0.01),
    fixed_p: 0.00001,
    verdict: "higher",
  };
  const variant = (name, converted, comparison) => ({
    name,
    people: of(55),
    converted,
    total: converted,
    mean: converted / of(55),
    deviation: 0.2,
    share: 0.5,
    comparison,
  });
  return {
    variants: [variant("original", 202, null), variant("brochure on top", 304, comparison)],
    people: 2 * of(55),
    mixed: 37,
    nameless: 0,
    unfinished: 1240,
    shares_off: false,
    shares_p: 1,
    planned_people: 10_000,
    confidence: 0.95,
    days,
    tz: "UTC",
    rows_scanned: 2_104_392,
    elapsed_ms: 41,
    as_of: new Date().toISOString(),
  };
}

export function retention({ grain, periods, from, by }) {
  const days = { day: 1, week: 7, month: 30 }[grain];
  const count = Math.max(1, Math.floor((now - Date.parse(from)) / DAY / days));
  const cell = (of, period, unfinished) => {
    const returned = Math.round(of * 0.34 * 0.88 ** period);
    const after = Math.round(of * 0.6 * 0.9 ** period);
    return {
      of,
      people: returned,
      rate: returned / of,
      people_after: after,
      rate_after: after / of,
      unfinished,
    };
  };
  const cohorts = Array.from({ length: count }, (_, at) => {
    const size = 640 - 7 * at;
    const width = Math.min(count - at, periods + 1);
    return {
      start: new Date(Date.parse(from) + at * days * DAY).toISOString().slice(0, 10),
      people: size,
      cells: Array.from({ length: width }, (_, period) => cell(size, period, at + period === count - 1)),
    };
  });
  const together = (of) => Array.from({ length: Math.min(count - 1, periods) }, (_, period) => cell(of, period, false));
  return {
    cohorts,
    people: cohorts.reduce((sum, { people }) => sum + people, 0),
    cells: together(5200),
    groups: by?.[0]
      ? catalogue.dimensions[by[0]].map((value, at) => {
          const size = Math.round(2400 / (at + 1));
          return { by: { [by[0]]: value }, people: size, cells: together(size) };
        })
      : [],
    groups_omitted: 0,
    tz: "UTC",
    rows_scanned: 2_104_392,
    elapsed_ms: 61,
    as_of: new Date().toISOString(),
  };
}

export function flow({ stages, by, within }) {
  const within_s = Number.parseInt(within, 10) * { m: 60, h: 3600, d: 86_400 }[within.at(-1)];
  const of = (size) => {
    const told = stages.map(({ event }, at) => {
      const isLast = at === stages.length - 1;
      const entered = Math.round(size * 0.72 ** at);
      const slow = (at + 1) * 86_400;
      const share = (after) => 0.72 * (1 - Math.exp(-after / slow));
      const time = (part) => (part < 0.72 ? -slow * Math.log(1 - part / 0.72) : null);
      const band = (middle) => ({ share: middle, low: Math.max(0, middle - 0.03), high: Math.min(1, middle + 0.03) });
      const ages = isLast ? [] : [0.3, 0.2, 0.2, 0.1, 0.1, 0.06, 0.04].map((part) => Math.round(entered * 0.2 * part));
      return {
        event,
        entered,
        moved: isLast ? 0 : Math.round(entered * 0.72),
        lost: isLast ? 0 : Math.round(entered * 0.12),
        stock: isLast ? entered : ages.reduce((sum, count) => sum + count, 0),
        ages,
        within: isLast ? null : band(share(within_s)),
        quantiles: isLast
          ? []
          : [0.25, 0.5, 0.75, 0.9].map((part) => ({
              share: part,
              after_s: time(part),
              low_s: time(part) && time(part) * 0.9,
              high_s: time(part) && time(part) * 1.1,
            })),
        curve: isLast
          ? []
          : Array.from({ length: 60 }, (_, step) => {
              const after_s = (step + 1) * slow * 0.15;
              return { after_s, ...band(share(after_s)), at_risk: Math.round(entered / (step + 1)) };
            }),
      };
    });
    return told;
  };
  const values = by?.[0] ? catalogue.dimensions[by[0]] : [];
  const named = (value) => Object.fromEntries(by.map((name, at) => [name, at === 0 ? value : null]));
  return {
    stages: of(8_214),
    ages_s: [1, 3, 7, 14, 30, 90].map((days) => days * 86_400),
    groups: values.map((value, at) => ({ by: named(value), stages: of(Math.round(3_000 / (at + 1))) })),
    groups_omitted: 0,
    within_s,
    until: new Date().toISOString(),
    tz: "UTC",
    rows_scanned: 2_104_392,
    elapsed_ms: 58,
    as_of: new Date().toISOString(),
  };
}

export function paths({ start, end, steps, goal }) {
  const names = ["page_viewed", "car_viewed", "form_submitted", "call_completed"];
  const converted = (people) => (goal ? Math.round(people * 0.14) : null);
  const place = (element, people, ended) => ({
    element,
    elements: element ? 1 : 7,
    people,
    ended,
    converted: converted(people),
  });
  const element = (event) => ({ event, value: null });
  const anchor = (start ?? end).event;
  const levels = [{ places: [place(element(anchor), 4_200, 900)] }];
  const links = [];
  for (let level = 1; level <= steps; level += 1) {
    const people = Math.round(3_300 * 0.7 ** (level - 1));
    const parts = [0.4, 0.25, 0.15, 0.12, 0.08].map((part) => Math.round(people * part));
    const sources = levels[level - 1].places;
    levels.push({
      places: parts.map((count, at) => place(names[at] ? element(names[at]) : null, count, Math.round(count * 0.3))),
    });
    for (const [source, { people: of }] of sources.entries())
      for (const [target, count] of parts.entries()) {
        const going = Math.round((count * of) / sources.reduce((sum, each) => sum + each.people, 0));
        links.push({ level: level - 1, source, target, people: going, converted: converted(going) });
      }
  }
  const sequences = Array.from({ length: 20 }, (_, at) => {
    const way = [element(anchor), ...names.slice(0, 1 + (at % 4)).map(element)];
    const people = Math.round(600 / (at + 1));
    return { elements: end ? way.toReversed() : way, people, share: people / 4_200, converted: converted(people) };
  });
  return {
    people: 4_200,
    converted: converted(4_200),
    unfinished: 310,
    levels,
    links,
    sequences,
    sequences_omitted: 231,
    people_omitted: 1_940,
    tz: "UTC",
    rows_scanned: 2_104_392,
    elapsed_ms: 230,
    as_of: new Date().toISOString(),
  };
}

export function attribution({ by }) {
  const models = ["first", "last", "last_non_direct", "linear", "position", "time_decay", "shapley", "markov"];
  const keys = catalogue.dimensions[by[0]] ?? CHANNELS;
  const rows = keys.map((value, at) => {
    const base = 180 / (at + 1);
    const cost = at % 3 === 0 ? null : base * 310;
    return {
      by: Object.fromEntries(by.map((name, place) => [name, place === 0 ? value : null])),
      associated: { conversions: Math.round(base * 1.7), revenue: base * 40_000 },
      cost,
      removal_effect: base / 400,
      credits: models.map((_, model) => {
        const conversions = Math.round(base * (0.85 + 0.05 * model) * 10) / 10;
        const revenue = conversions * 24_500;
        return {
          conversions,
          revenue,
          low: conversions * 0.86,
          high: conversions * 1.15,
          tied_with_next: 2 < at,
          cost_per_conversion: cost && cost / conversions,
          romi: cost && (revenue - cost) / cost,
          drr: cost && cost / revenue,
        };
      }),
    };
  });
  const sum = (of) => ({ conversions: of, revenue: of * 24_500 });
  return {
    models,
    by,
    rows,
    total: sum(520),
    untouched: sum(4),
    paths_to_nothing: 18_204,
    conversion_probability: 0.031,
    currency: "EUR",
    tz: "UTC",
    warnings: [],
    rows_scanned: 2_104_392,
    elapsed_ms: 142,
    as_of: new Date().toISOString(),
  };
}

export const sources = SOURCES.map((name, at) => ({
  id: String(at + 1),
  name,
  kind: "segment",
  write_key: `wk_${["3kP9xQ2mZr7TvB5nLc8D", "8dFgH2jK4lM6nB9vC1xZ", "q1W2e3R4t5Y6u7I8o9P0", "z9X8c7V6b5N4m3L2k1J0", "a5S4d3F2g1H0j9K8l7Q6"][at]}`,
  enabled: at !== 4,
  created_at: ago(90 * DAY),
  health: {
    last_event_at: at === 4 ? ago(9 * DAY) : ago(between(1, 50) * 1000),
    accepted_24h: at === 4 ? 0 : Math.round(90_000 / (at + 1)),
    refused_24h: at === 0 ? 44 : 0,
    per_minute: Array.from({ length: 60 }, () => (at === 4 ? 0 : between(5, 60 / (at + 1)))),
  },
}));

export const users = [
  ["1", "ana@example.com", "Ana Petrova", "admin", null],
  ["2", "igor@example.com", "Igor Kovalev", "marketer", null],
  ["3", "marta@example.com", "Marta Schmidt", "dealer", DEALERS[2]],
].map(([id, email, name, role, dealer], at) => ({
  id,
  email,
  name,
  role,
  dealer,
  created_at: ago(90 * DAY),
  last_seen_at: at === 2 ? null : ago(at * 5_000_000),
}));

const AUDITED = [
  ["ana@example.com", "user", "sign_in", "", "done", null],
  ["igor@example.com", "user", "profile_opened", "5188146770730811392", "done", null],
  ["igor@example.com", "user", "people_searched", "+33600000012", "done", null],
  ["Warehouse export", "token", "sql_run", "SELECT region, count(*) FROM leads GROUP BY region", "done", null],
  ["marta@example.com", "user", "access_refused", "GET /api/users", "refused", null],
  ["nobody@example.com", "unknown", "sign_in", "", "refused", null],
  [
    "ana@example.com",
    "user",
    "source_changed",
    "src_1",
    "done",
    { before: { enabled: true }, after: { enabled: false } },
  ],
  ["command line", "machine", "retention_run", "job_1", "done", { told: "10 events are gone" }],
  ["ana@example.com", "user", "setting_changed", "masked_roles", "done", { before: ["analyst"], after: [] }],
];

export const audit = Array.from({ length: 40 }, (_, at) => {
  const [actor, actor_kind, action, object, outcome, details] = AUDITED[at % AUDITED.length];
  return {
    number: String(1240 - at),
    at: ago(at * 3_700_000 + 40_000),
    actor_kind,
    actor_id: actor_kind === "user" ? `usr_${at % 3}` : "",
    actor,
    address: actor_kind === "machine" ? "" : "203.0.113.7",
    action,
    object,
    outcome,
    details,
    hash: "5c0e9b1f".repeat(8),
  };
});

export const erasures = {
  suppressed: 3,
  erasures: [
    {
      profile_id: "4711",
      erased_at: "2026-03-02T10:00:00.000000Z",
      by: "ana@example.com",
      step: "done",
      done: 0,
      total: 0,
      records: 128,
      events: 120,
      identifiers: 4,
      entities: 2,
      messages: 2,
      dead_letters: 1,
      trouble: null,
      finished_at: "2026-03-02T10:06:12.000000Z",
    },
  ],
};

export const privacy = {
  masked_roles: ["analyst"],
  maskable_roles: ["marketer", "analyst", "operator"],
  retention: {
    rules: [
      { event: "lead_*", days: null },
      { event: "page_viewed", days: 90 },
      { event: "*", days: 1095 },
    ],
    log_days: null,
  },
};

export const tokens = [
  {
    id: "1",
    name: "Warehouse export",
    role: "analyst",
    dealer: null,
    prefix: "fct_9aK2",
    created_at: ago(50 * DAY),
    last_used_at: ago(4_000_000),
  },
];
