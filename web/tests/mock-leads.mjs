// Leads, dealers, rules and scorecards of the made-up server: enough of each queue, and acts that show.
const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];
const at = (ms) => new Date(Date.now() + ms).toISOString();
const ANA = "ana@example.com";

const week = (days, saturday, sunday = []) => [days, days, days, days, days, saturday, sunday].map((day) => [...day]);
const dealerOf = (at, dealer_id, name, region, more) => ({
  dealer_id,
  name,
  region,
  group: at % 2 ? "Kontrakt Auto" : "Aurelia Retail",
  brands: ["Aurelia"],
  models: [],
  postcodes: [`0${at + 1}`, `1${at}`],
  lat: 50.4 + at,
  lon: 30.5 - at,
  languages: ["uk", "en"],
  tz: "Europe/Kyiv",
  hours: week(["09:00-19:00"], ["10:00-16:00"]),
  holidays: ["2026-12-31", "2027-01-01"],
  open_leads_max: 40,
  leads_a_day_max: 12,
  weight: 100,
  quality: 82 - 9 * at,
  takes_leads: true,
  stock: { Aster: 4, Belva: 2 },
  people: [
    { email: `lena@${dealer_id}.example`, name: "Lena Horvat", is_away: false },
    { email: `petr@${dealer_id}.example`, name: "Petr Novak", is_away: at === 1 },
  ],
  manager_email: `manager@${dealer_id}.example`,
  webhook: null,
  open_leads: 9 + 8 * at,
  leads_today: 2 + at,
  ...more,
});
const dealers = [
  dealerOf(0, "norvigrad-north", "Aurelia Norvigrad North", "Norvia"),
  dealerOf(1, "kastrov-ring", "Aurelia Kastrov Ring", "Kastria", { open_leads: 39 }),
  dealerOf(2, "velmir-centre", "Aurelia Velmir Centre", "Velmora", { open_leads_max: null }),
  dealerOf(3, "tarsk-harbour", "Aurelia Tarsk Harbour", "Tarsk", { takes_leads: false, open_leads: 0 }),
  dealerOf(4, "lindhaven-centre", "Aurelia Lindhaven Centre", "Estwald", { hours: week([], []), open_leads: 3 }),
];

const MODELS = ["Aster", "Belva", "Calyx", "Dione", "Elara"];
const PEOPLE = [
  ["Ana Petrova", "+33 6 00 00 00 01"],
  ["Игорь Ковалёв", "+380 50 000 00 02"],
  ["Marta Schmidt", "+49 30 00 00 03"],
  ["Олена Шевченко", "+380 67 000 00 04"],
  ["王秀英", "+86 10 0000 0005"],
  ["Pavel Sokolov", null],
  [null, "+380 99 000 00 07"],
  ["Timur Sadykov", "+7 900 000 00 08"],
];
const bandOf = (score) => (70 <= score ? "hot" : 40 <= score ? "warm" : "cold");
const leadOf = (number, queue, stage, more = {}) => {
  const [name, phone] = PEOPLE[number % PEOPLE.length];
  const score = more.score ?? 95 - ((number * 13) % 80);
  const dealer = queue === "dealer" || queue === "closed" ? dealers[number % 3] : null;
  return {
    lead_id: `lead-${number}`,
    profile_id: String(100 + number),
    name,
    phone,
    email: number % 2 ? `person${number}@example.com` : null,
    model: MODELS[number % MODELS.length],
    region: dealer?.region ?? "Norvia",
    channel: ["cpc", "organic", "paid_social", "direct"][number % 4],
    stage,
    queue,
    band: bandOf(score),
    score,
    dealer_id: dealer?.dealer_id ?? null,
    dealer_name: dealer?.name ?? null,
    owner: dealer && number % 2 ? dealer.people[0].email : null,
    claimed_by: null,
    claimed_until: null,
    opened_at: at(-number * 23 * MINUTE),
    changed_at: at(-number * 9 * MINUTE),
    dispatched_at: dealer ? at(-number * 20 * MINUTE) : null,
    accepted_at: null,
    contacted_at: null,
    clock: null,
    retry_at: null,
    tries: 0,
    hops: 0,
    prompt: null,
    ...more,
  };
};
const clock = (what, due, warn) => ({ for: what, due_at: at(due), warn_at: at(warn), is_warned: warn < 0 });
const prompt = {
  at: at(-12 * MINUTE),
  viewed: ["Aster Hybrid", "Trade-in calculator"],
  asked_for: null,
};
const accepted = { accepted_at: at(-50 * MINUTE) };
const leads = [
  leadOf(1, "verification", "captured", { score: 91 }),
  leadOf(2, "verification", "captured", { score: 74 }),
  leadOf(3, "verification", "captured", { score: 62, tries: 1 }),
  leadOf(4, "verification", "captured", { score: 88, tries: 2, retry_at: at(38 * MINUTE) }),
  leadOf(5, "verification", "captured", { score: 45, tries: 1, retry_at: at(2 * HOUR) }),
  leadOf(6, "dealer", "dispatched", { clock: clock("accept", -4 * MINUTE, -9 * MINUTE), hops: 1 }),
  leadOf(7, "dealer", "dispatched", { clock: clock("accept", 3 * MINUTE, -2 * MINUTE) }),
  leadOf(8, "dealer", "dispatched", { clock: clock("accept", 14 * MINUTE, 9 * MINUTE), score: 93 }),
  leadOf(9, "dealer", "accepted", { clock: clock("contact", 55 * MINUTE, 25 * MINUTE), ...accepted, prompt }),
  leadOf(10, "dealer", "accepted", { clock: clock("contact", 4 * HOUR, 3 * HOUR), ...accepted }),
  leadOf(11, "dealer", "test_drive", { ...accepted, contacted_at: at(-40 * MINUTE) }),
  leadOf(12, "dealer", "offer", { ...accepted, contacted_at: at(-DAY), prompt }),
  leadOf(13, "pool", "qualified", { score: 81, hops: 2 }),
  leadOf(14, "pool", "qualified"),
  leadOf(15, "nurture", "captured", { score: 22 }),
  leadOf(16, "nurture", "silent", { score: 31, prompt }),
  leadOf(17, "closed", "lost"),
  leadOf(18, "closed", "delivered", { ...accepted, contacted_at: at(-3 * DAY), score: 86 }),
];

const NEXT = {
  captured: ["qualified", "lost"],
  qualified: ["lost"],
  dispatched: ["lost"],
  accepted: ["contacted", "appointment", "lost"],
  contacted: ["appointment", "test_drive", "offer", "lost"],
  test_drive: ["offer", "contract", "lost"],
  offer: ["contract", "lost"],
};
const moves = {};
const movesOf = (lead) =>
  (moves[lead.lead_id] ??= [
    ...(lead.accepted_at
      ? [{ at: lead.accepted_at, act: "accepted", actor: lead.owner ?? ANA, from: "dispatched", to: "accepted" }]
      : []),
    ...(lead.dispatched_at
      ? [
          {
            at: lead.dispatched_at,
            act: "dispatched",
            actor: "forecourt",
            from: "qualified",
            to: lead.dealer_name,
            reason: "Most points of 4 dealers",
          },
        ]
      : []),
    { at: lead.opened_at, act: "scored", actor: "forecourt", from: "", to: String(lead.score) },
    { at: lead.opened_at, act: "opened", actor: "forecourt", from: "", to: "captured", note: "Form “Test drive”" },
  ].map((move) => ({ reason: "", note: "", ...move })));
const told = (lead, act, more) =>
  movesOf(lead).unshift({ at: at(0), act, actor: ANA, from: "", to: "", reason: "", note: "", ...more });

const PARTS = [
  ["Area", 40],
  ["Distance", 22],
  ["Stock", 15],
  ["Quality", 12],
  ["Language", 5],
];
const decisionOf = (lead) => ({
  at: lead.dispatched_at ?? at(-HOUR),
  chosen: lead.dealer_id,
  reason: lead.dealer_id ? "Most points" : "Nobody could take it: the dealers of the area are full or closed",
  candidates: dealers.map((dealer, number) => {
    const parts = PARTS.map(([says, points], part) => ({
      says,
      points: Math.max(0, points - 7 * ((number + part) % 4)),
    }));
    const barred = { "kastrov-ring": "Has 39 of 40 open leads", "tarsk-harbour": "Takes no leads" }[dealer.dealer_id];
    const points = parts.reduce((sum, part) => sum + part.points, 0);
    return {
      dealer_id: dealer.dealer_id,
      name: dealer.name,
      points,
      parts,
      barred: lead.dealer_id === dealer.dealer_id ? null : (barred ?? null),
    };
  }),
  barred_others: 11,
});
const detailOf = (lead) => ({
  lead,
  vehicles: [
    { model: lead.model, brand: "Aurelia", interest: "buy", vin: null, year: null, comments: "Hybrid, red" },
    { model: "Orbis 2", brand: "Orbis", interest: "trade_in", vin: "WAUZZZ8V5KA012345", year: 2018, comments: null },
  ],
  preferred_dealers: ["norvigrad-north"],
  comments: "Would like to drive it at the weekend.",
  postcode: "01001",
  language: "uk",
  value: 38_900,
  campaign: "Autumn test drives",
  utm_source: "google",
  lost_reason: lead.stage === "lost" ? "Bought elsewhere" : null,
  appointment_at: lead.stage === "test_drive" ? at(DAY) : null,
  duplicate_of: null,
  duplicates: lead.lead_id === "lead-9" ? ["lead-17"] : [],
  points: [
    { says: "Every lead", points: 20 },
    { says: "Asked for a test drive", points: 35 },
    { says: "Phone known", points: 15 },
    { says: "Came by search ads", points: 12 },
    { says: "Only wants a brochure", points: -8 },
  ],
  decision: lead.queue === "verification" ? null : decisionOf(lead),
  script:
    "Good day, my name is … from Aurelia Motors.\nYou asked for a test drive of the car. When would it suit you?\nWhich dealer is closest to you?",
  stages: NEXT[lead.stage] ?? [],
  lost_reasons: ["Bought elsewhere", "Too expensive", "Does not answer", "Not interested any more"],
  moves: movesOf(lead),
});

const ACTS = {
  accept: (lead) => {
    Object.assign(lead, { accepted_at: at(0), stage: "accepted", clock: clock("contact", HOUR, HOUR / 2) });
    told(lead, "accepted", { from: "dispatched", to: "accepted" });
  },
  contact: (lead, { by, reached, note }) => {
    if (reached) Object.assign(lead, { contacted_at: at(0), stage: "contacted", clock: null });
    told(lead, "contacted", { to: reached ? "contacted" : "", reason: by, note: note ?? "" });
  },
  stage: (lead, { stage, reason, note }) => {
    told(lead, stage === "lost" ? "lost" : "stage", {
      from: lead.stage,
      to: stage,
      reason: reason ?? "",
      note: note ?? "",
    });
    Object.assign(lead, {
      stage,
      queue: stage === "lost" ? "closed" : lead.queue,
      clock: stage === "lost" ? null : lead.clock,
    });
  },
  return: (lead, { reason }) => {
    told(lead, "returned", { from: lead.dealer_name, reason });
    Object.assign(lead, { queue: "pool", dealer_id: null, dealer_name: null, clock: null, hops: lead.hops + 1 });
  },
  assign: (lead, { dealer_id, reason }) => {
    const { name } = dealers.find((dealer) => dealer.dealer_id === dealer_id);
    told(lead, "assigned", { to: name, reason: reason ?? "" });
    Object.assign(lead, {
      queue: "dealer",
      stage: "dispatched",
      dealer_id,
      dealer_name: name,
      clock: clock("accept", 15 * MINUTE, 10 * MINUTE),
      accepted_at: null,
    });
  },
  claim: (lead) => {
    Object.assign(lead, { claimed_by: ANA, claimed_until: at(10 * MINUTE) });
    told(lead, "claimed", {});
  },
  release: (lead) => Object.assign(lead, { claimed_by: null, claimed_until: null }),
  verify: (lead, { outcome, note }) => {
    const next = {
      qualified: "dealer",
      no_answer: "verification",
      not_now: "nurture",
      invalid: "closed",
      declined: "closed",
    };
    told(lead, "verified", { reason: outcome, note: note ?? "" });
    Object.assign(lead, { queue: next[outcome], claimed_by: null, claimed_until: null, tries: lead.tries + 1 });
    if (outcome === "no_answer") lead.retry_at = at(HOUR);
    if (outcome === "qualified")
      Object.assign(lead, {
        stage: "dispatched",
        dealer_id: dealers[0].dealer_id,
        dealer_name: dealers[0].name,
        clock: clock("accept", 15 * MINUTE, 10 * MINUTE),
      });
  },
  note: (lead, { text }) => told(lead, "note", { note: text }),
  seen: (lead) => Object.assign(lead, { prompt: null }),
  appointment: (lead, { at: when, note }) => told(lead, "appointment", { to: when, note: note ?? "" }),
};

let held = {
  changed_at: at(-3 * DAY),
  changed_by: ANA,
  rules: {
    is_on: true,
    duplicates: { window_days: 30, same_model: false },
    base_points: 20,
    points: [
      {
        says: "Asked for a test drive",
        when: { of: "event", event: "test_drive_booked", within_days: 14 },
        points: 35,
      },
      { says: "Phone known", when: { of: "known", field: "phone" }, points: 15 },
      { says: "Came by search ads", when: { of: "channel", channel: "cpc" }, points: 12 },
      { says: "Has a car to trade in", when: { of: "known", field: "trade_in" }, points: 8 },
      {
        says: "Only wants a brochure",
        when: { of: "event", event: "brochure_downloaded", within_days: 7 },
        points: -8,
      },
    ],
    bands: [
      { band: "hot", from: 70, channels: [], way: "dealer" },
      { band: "warm", from: 40, channels: [], way: "verification" },
      { band: "cold", from: 0, channels: [], way: "nurture" },
    ],
    routing: {
      area: 40,
      distance: 25,
      stock: 15,
      quality: 12,
      language: 5,
      preferred: 50,
      open_now: 10,
      load: 20,
      distance_max_km: 120,
      tie_points: 3,
    },
    sla: [
      { bands: ["hot"], channels: [], accept_min: 15, contact_min: 60, warn_min: 5 },
      { bands: [], channels: [], accept_min: 60, contact_min: 240, warn_min: 15 },
    ],
    hops_max: 3,
    verification: { tries_max: 4, gap_min: 120, claim_min: 10, script: "Good day, my name is … from Aurelia Motors." },
    lost_reasons: [
      { reason: "Bought elsewhere", is_believed: true },
      { reason: "Too expensive", is_believed: true },
      { reason: "Does not answer", is_believed: false },
    ],
    silent_days: 14,
    reappear: { events: ["car_viewed", "configurator_opened"], quiet_h: 48 },
  },
};

const share = (count, of) => {
  if (of === 0) return { count, of, rate: null, low: null, high: null };
  const rate = count / of;
  const half = 1.96 * Math.sqrt((rate * (1 - rate)) / of);
  return { count, of, rate, low: Math.max(0, rate - half), high: Math.min(1, rate + half) };
};
const cardOf = ({ dealer_id, name, region }, number, leads, ties, rank) => ({
  dealer_id,
  name,
  region,
  leads,
  accepted: Math.round(leads * (0.95 - 0.06 * number)),
  expired: Math.round(leads * 0.05 * number),
  accept_median_s: leads < 5 ? null : 300 + 700 * number,
  accept_p90_s: leads < 5 ? null : 2_400 + 3_100 * number,
  contact_median_s: leads < 5 ? null : 2_100 + 9_000 * number,
  contact_p90_s: leads < 5 ? null : 40_000 + 30_000 * number,
  contact_median_open_s: leads < 5 ? null : 1_300 + 2_000 * number,
  never_contacted: Math.round(leads * 0.04 * number),
  contact_rate: share(Math.round(leads * (0.92 - 0.1 * number)), leads),
  test_drive_rate: share(Math.round(leads * (0.38 - 0.06 * number)), leads),
  contract_rate: share(Math.round(leads * (0.17 - 0.03 * number)), leads),
  contract_rate_adjusted: leads < 5 ? null : 0.162 - 0.025 * number,
  lost: Math.round(leads * (0.4 + 0.05 * number)),
  lost_early: Math.round(leads * (0.06 + 0.05 * number)),
  rank,
  ties,
});
const scorecards = () => ({
  dealers: [
    cardOf(dealers[0], 0, 212, 1, 1),
    cardOf(dealers[1], 1, 164, 1, 1),
    cardOf(dealers[2], 2, 98, 0, 3),
    cardOf(dealers[3], 3, 51, 0, 4),
    cardOf(dealers[4], 1, 2, 0, null),
  ],
  all: { ...cardOf({ dealer_id: null, name: "", region: "" }, 1, 527, 0, null) },
});
const flow = (text) =>
  text.split("\n").map((line) => {
    const [from, to, count] = line.trim().split(" ");
    return { from, to, count: Number(count) };
  });
const desk = () => ({
  flow: flow(`captured verification 410
    captured dealer 260
    captured nurture 190
    verification dealer 236
    verification nurture 88
    verification lost 86
    dealer contacted 402
    dealer lost 74
    dealer pool 20
    contacted test_drive 188
    contacted lost 151
    contacted silent 63
    test_drive contract 82
    test_drive lost 106`),
  lost: [
    { reason: "Bought elsewhere", count: 142 },
    { reason: "Does not answer", count: 118 },
    { reason: "Too expensive", count: 96 },
    { reason: "Not interested any more", count: 61 },
  ],
  bands: [
    { band: "hot", leads: 214, contracts: 52, rate: 0.243 },
    { band: "warm", leads: 388, contracts: 28, rate: 0.072 },
    { band: "cold", leads: 258, contracts: 2, rate: 0.008 },
  ],
  by_answer: [
    { minutes_to: 5, leads: 64, test_drives: 33, contracts: 17 },
    { minutes_to: 15, leads: 88, test_drives: 40, contracts: 19 },
    { minutes_to: 60, leads: 121, test_drives: 47, contracts: 21 },
    { minutes_to: 240, leads: 97, test_drives: 29, contracts: 12 },
    { minutes_to: 1440, leads: 102, test_drives: 24, contracts: 9 },
    { minutes_to: null, leads: 71, test_drives: 3, contracts: 1 },
  ],
  verification: { claimed: 398, calls: 611, qualified: 236, calls_saved: 174 },
});

const refusal = (status, code, message) => ({ refusal: { status, error: { code, message } } });
const byId = (id) => leads.find(({ lead_id }) => lead_id === id);

export const leadRoutes = [
  [
    "GET",
    "/api/leads",
    ({ query }) => {
      const q = (query.get("q") ?? "").toLowerCase();
      const wanted = (lead) =>
        ["queue", "dealer_id", "band", "stage"].every((key) => !query.get(key) || lead[key] === query.get(key)) &&
        `${lead.name} ${lead.phone} ${lead.email} ${lead.model}`.toLowerCase().includes(q);
      const order = (lead) =>
        lead.queue === "verification"
          ? [lead.retry_at ? 1 : 0, -lead.score]
          : [lead.clock ? 0 : 1, Date.parse(lead.clock?.due_at ?? 0) || -Date.parse(lead.opened_at)];
      const found = leads.filter(wanted).sort((one, other) => {
        const [a, b] = [order(one), order(other)];
        return a[0] - b[0] || a[1] - b[1];
      });
      const count = (test) => leads.filter(test).length;
      const queues = ["verification", "dealer", "nurture", "pool", "closed"];
      return {
        leads: found,
        next: null,
        counts: {
          ...Object.fromEntries(queues.map((queue) => [queue, count((lead) => lead.queue === queue)])),
          overdue: count(({ clock }) => clock && Date.parse(clock.due_at) < Date.now()),
          prompts: count(({ prompt }) => prompt),
        },
      };
    },
  ],
  [
    "GET",
    "/api/leads/:id",
    ({ path }) => {
      const lead = byId(path.id);
      return lead ? detailOf(lead) : refusal(404, "not_found", "There is no such lead.");
    },
  ],
  [
    "POST",
    "/api/leads",
    ({ body }) => {
      const lead = leadOf(leads.length + 1, "verification", "captured", { ...body, opened_at: at(0) });
      leads.push(lead);
      return { done: true, reason: null, lead_id: lead.lead_id };
    },
  ],
  [
    "POST",
    "/api/leads/:id/act",
    ({ path, body }) => {
      const { act, ...wish } = body;
      ACTS[act](byId(path.id), wish);
      return { done: true, reason: null };
    },
  ],
  ["GET", "/api/dealers", () => ({ dealers })],
  [
    "PUT",
    "/api/dealers/:id",
    ({ path, body }) => {
      if (body.dealer.name === "Refused") return refusal(400, "invalid", "dealer: `name` is taken");
      const found = dealers.find(({ dealer_id }) => dealer_id === path.id);
      if (found) Object.assign(found, body.dealer);
      else dealers.push({ open_leads: 0, leads_today: 0, ...body.dealer });
      return { done: true, reason: null };
    },
  ],
  [
    "DELETE",
    "/api/dealers/:id",
    ({ path }) => {
      const place = dealers.findIndex(({ dealer_id }) => dealer_id === path.id);
      if (0 <= place) dealers.splice(place, 1);
      return { done: true, reason: null };
    },
  ],
  ["GET", "/api/lead-rules", () => held],
  [
    "PUT",
    "/api/lead-rules",
    ({ body }) => {
      held = { rules: body.rules, changed_at: at(0), changed_by: ANA };
      return { done: true, reason: null };
    },
  ],
  [
    "POST",
    "/api/lead-rules/simulate",
    () => ({
      leads: 860,
      moved: 143,
      by_dealer: dealers.map(({ dealer_id, name }, number) => ({
        dealer_id,
        name,
        now: 180 - 30 * number,
        then: 150 - 14 * number,
      })),
      by_queue: [
        { queue: "dealer", now: 410, then: 452 },
        { queue: "verification", now: 260, then: 210 },
        { queue: "nurture", now: 170, then: 184 },
        { queue: "pool", now: 20, then: 14 },
      ],
      by_band: [
        { band: "hot", now: 214, then: 256 },
        { band: "warm", now: 388, then: 352 },
        { band: "cold", now: 258, then: 252 },
      ],
    }),
  ],
  ["GET", "/api/reports/scorecards", () => scorecards()],
  ["GET", "/api/reports/lead-desk", () => desk()],
];
