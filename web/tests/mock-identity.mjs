// Who is who, made up: one person's evidence, a ledger, probable duplicates, settings and jobs that come to an end.
import { people } from "./mock-data.mjs";

const HOUR_MS = 3_600_000;
const ago = (hours) => new Date(Date.now() - hours * HOUR_MS).toISOString();
const day = (back) => ago(24 * back).slice(0, 10);

const found = people.search("", null).profiles.filter(({ name }) => name);

const NODES = [
  ["1", "user_id", "u-0004211", "person"],
  ["2", "email", "ana.petrova@example.com", "person"],
  ["3", "phone", found[1].phone, "person"],
  ["4", "crm_id", "C-0004211", "person"],
  ["5", "anonymous_id", "5f0c1c9e-8c1d-4d57-a1be-0d4f9b1c8f11", "device"],
  ["6", "anonymous_id", "5f0c1c9e-8c1d-4d57-a1be-0d4f9b1c8f11", "device"],
  ["7", "vin", "WVWZZZ1KZAW000001", "nobody"],
  ["8", "phone", "+79000000777", "person"],
  ["9", "user_id", "u-0009000", "person"],
];

const EVIDENCE = [
  ["1", "2", "form", "form", null],
  ["1", "3", "call", "call", null],
  ["3", "4", "imported", "imported", null],
  ["2", "4", "same_event", "event", null],
  ["1", "5", "signed_in", "login", null],
  ["1", "6", "login_interval", "login", null],
  ["4", "7", "same_event", "event", "names_nobody"],
  ["2", "8", "form", "form", "shared"],
  ["5", "9", "signed_in", "login", "device"],
];

const OTHERS = new Map([
  ["7", "700"],
  ["8", "800"],
  ["9", "900"],
]);

let isParted = false;

function identity(id) {
  return {
    profile_id: id,
    identifiers: NODES.map(([fragment_id, kind, value, role]) => ({
      fragment_id,
      profile_id: OTHERS.get(fragment_id) ?? id,
      kind,
      value,
      role,
      is_shared: fragment_id === "8",
      is_interval: fragment_id === "6",
      first_seen: ago(2400),
      last_seen: ago(20),
      events: 12,
    })),
    evidence: EVIDENCE.map(([one, other, rule, trust, why], at) => ({
      one,
      other,
      rule,
      trust,
      why,
      joins: why === null,
      at: ago(900 - at * 40),
      offset: String(at),
    })).filter(({ one, other }) => !isParted || one !== "1" || other !== "3"),
    kept_apart: isParted ? [{ one: "1", other: "3", at: ago(0), actor: "ana@example.com" }] : [],
    neighbours: [
      { profile_id: "700", name: null, identifiers: ["WVWZZZ1KZAW000001"] },
      { profile_id: "800", name: "Reception, Belmora North", identifiers: ["+79000000777"] },
      { profile_id: "900", name: "Boris Petrov", identifiers: ["u-0009000", "boris@example.com"] },
    ],
    ledger: ledger.slice(0, 4),
  };
}

const side = (fragment_id, kind, value, profile_now = found[0].profile_id) => ({
  fragment_id,
  profile_id: fragment_id,
  profile_now,
  identifier: value ? { kind, value } : null,
});

const ledger = Array.from({ length: 60 }, (_, at) => {
  const email = side(`${at}2`, "email", `ana.petrova${at}@example.com`);
  const others = [
    ["merged", "signed_in", "", side(`${at}1`, "anonymous_id", "5f0c1c9e-8c1d-4d57-a1be-0d4f9b1c8f11"), ""],
    ["refused", "form", "shared", side("8", "phone", "+79000000777", "800"), ""],
    ["merged", "word", "", side(`${at}3`, "phone", "+79000000001"), "ana@example.com"],
    ["parted", "", "not_same", side("9", "user_id", "u-0009000", "900"), "ana@example.com"],
    ["merged", "imported", "", side(`${at}4`, "crm_id", `C-000${at}`), ""],
    ["refused", "same_event", "unique", side("9", "user_id", "u-0009000", "900"), ""],
    ["merged", "probable", "", side(`${at}5`, null, null, null), ""],
  ];
  const [act, rule, why, other, actor] = others[at % others.length];
  return {
    id: `${1000 - at}.0`,
    at: ago(at * 7 + 1),
    act,
    rule,
    why,
    one: email,
    other,
    actor,
    offset: String(1000 - at),
  };
});

const CONTRIBUTIONS = [
  ["phone", "+7 900 000-00-01", "+7 900 000-00-01", "exact", 8.4],
  ["surname", "Petrova", "Petrowa", "close", 4.1],
  ["given_name", "Ana", "Anna", "close", 2.6],
  ["city", "Norvigrad", "Norvigrad", "exact", 1.2],
  ["email", "ana.petrova@example.com", "", "missing", 0],
  ["birth_date", "1986-04-11", "1986-11-04", "different", -3.3],
].map(([column, one, other, level, weight]) => ({ column, one, other, level, weight }));

const pairs = Array.from({ length: 6 }, (_, at) => {
  const shown = ({ profile_id, name, email, phone, events, identifiers, first_seen, last_seen }) => ({
    ...{ profile_id, name, email, phone, events, identifiers, first_seen, last_seen },
  });
  const [one, other] = [found[at * 2], found[at * 2 + 1]];
  return {
    id: `${at * 2 + 1}.${at * 2 + 2}`,
    probability: 0.991 - at * 0.033,
    weight: 13 - at,
    contributions: CONTRIBUTIONS.map((each) => ({ ...each, weight: each.weight - at / 3 })),
    state: "open",
    found_at: ago(5),
    decided_by: null,
    decided_at: null,
    one: shown(one),
    other: { ...shown(other), name: one.name, email: null },
  };
});

const person = (limit, blocked, is_unique = false) => ({ role: "person", is_unique, limit, blocked });
const settings = {
  kinds: {
    user_id: person(null, ["null|none|undefined"], true),
    email: person({ values: 5, window_days: 365 }, ["(no-?reply)@.*", "(info|sales)@.*"]),
    phone: person({ values: 5, window_days: 365 }, ["\\+1\\d{3}8675309"]),
    anonymous_id: { role: "device", is_unique: false, limit: null, blocked: [] },
    vin: { role: "nobody", is_unique: false, limit: null, blocked: [] },
  },
  names_per_contact_max: 4,
  people_per_contact_max: 10,
  people_per_device_max: 10,
  identifiers_per_profile_max: 1000,
};
const answer = {
  settings,
  built_in: structuredClone(settings),
  changed_at: null,
  changed_by: null,
  can_roll_back: false,
};

const OUTCOME = {
  profiles_before: 151_842,
  profiles_after: 150_210,
  joined: 1_702,
  parted: 70,
  examples: [
    {
      profile_id: "1",
      before: [["email: ana.petrova@example.com", "user_id: u-0004211"], ["phone: +79000000001"]],
      after: [["email: ana.petrova@example.com", "user_id: u-0004211", "phone: +79000000001"]],
    },
    {
      profile_id: "2",
      before: [["email: info@firm.example", "crm_id: C-1", "crm_id: C-2"]],
      after: [["crm_id: C-1"], ["crm_id: C-2"], ["email: info@firm.example"]],
    },
  ],
};

const JOB_MS = 3_000;
const jobs = [];

function start(kind, message = null) {
  const id = `job_${jobs.length}`;
  jobs.unshift({ id, kind, title: kind, began: Date.now(), message });
  return { job: id };
}

function shownJob({ id, kind, title, began, message }) {
  const share = Math.min(1, (Date.now() - began) / JOB_MS);
  return {
    ...{ id, kind, title, unit: "%", total: 100, done: Math.round(100 * share) },
    state: share < 1 ? "running" : "done",
    started_at: new Date(began).toISOString(),
    message: share < 1 ? null : message,
  };
}

let thresholds = { merge_at: null, review_at: 0.8 };
const done = { done: true, reason: null };

/** Routes of the mock: method, path, answer. */
export const identityRoutes = [
  ["GET", "/api/profiles/:id/identity", ({ path }) => identity(path.id)],
  [
    "GET",
    "/api/profiles/:id/merge-preview",
    ({ path, query }) => {
      const other = found.find(({ profile_id }) => profile_id === query.get("with"));
      const one = found.find(({ profile_id }) => profile_id === path.id) ?? found[0];
      const figures = { leads: 1, orders: 0, calls: 2 };
      return {
        possible: true,
        reason: null,
        profile_id: path.id,
        one: { ...one, ...figures },
        other: { ...other, ...figures },
        traits: [{ name: "city", one: "Norvigrad", other: "Belmora", merged: "Norvigrad" }],
      };
    },
  ],
  ["POST", "/api/profiles/:id/merge", () => done],
  [
    "POST",
    "/api/profiles/:id/unmerge",
    () => {
      isParted = true;
      return done;
    },
  ],
  [
    "GET",
    "/api/identity/ledger",
    ({ query }) => {
      const is = (name) => (line) => !query.get(name) || line[name] === query.get(name);
      const lines = ledger.filter(is("act")).filter(is("rule")).filter(is("why"));
      const from = Number(query.get("cursor") ?? 0);
      return { lines: lines.slice(from, from + 20), next_cursor: from + 20 < lines.length ? String(from + 20) : null };
    },
  ],
  [
    "GET",
    "/api/identity/report",
    ({ query }) => ({
      from: query.get("from"),
      to: query.get("to"),
      days: Array.from({ length: 60 }, (_, back) =>
        [
          ["merged:signed_in", 320],
          ["merged:same_event", 210],
          ["merged:form", 90],
          ["merged:imported", back % 7 ? 0 : 400],
          ["refused:shared", 24],
          ["refused:unique", 11],
          ["refused:birth_date", 5],
          ["parted", back % 5 ? 0 : 3],
          ["names_nobody:email", 9],
          ["names_nobody", 2],
        ].map(([what, most]) => ({ day: day(back), what, count: Math.round(most * (0.7 + 0.3 * Math.sin(back))) })),
      ).flat(),
      in_review: pairs.filter(({ state }) => state === "open").length,
      profiles: 151_842,
      with_email: 61_200,
      with_phone: 84_900,
      with_user_id: 40_300,
      shared_contacts: 312,
      orders: 3_541,
      orders_of_known: 3_072,
    }),
  ],
  ["GET", "/api/identity/settings", () => answer],
  [
    "PUT",
    "/api/identity/settings",
    ({ body }) => {
      Object.assign(answer, {
        settings: body,
        changed_at: new Date().toISOString(),
        changed_by: "ana@example.com",
        can_roll_back: true,
      });
      return done;
    },
  ],
  ["POST", "/api/identity/preview", () => start("identity_preview", JSON.stringify(OUTCOME))],
  ["POST", "/api/identity/apply", () => start("identity")],
  [
    "POST",
    "/api/identity/rollback",
    () => {
      Object.assign(answer, { settings: answer.built_in, changed_at: ago(0), can_roll_back: false });
      return start("identity");
    },
  ],
  ["GET", "/api/jobs", () => ({ jobs: jobs.map(shownJob) })],
  [
    "GET",
    "/api/duplicates",
    ({ query }) => {
      const state = query.get("state") ?? "open";
      const held = pairs.filter((pair) => pair.state === state);
      return { pairs: held.slice(Number(query.get("offset") ?? 0)), total: held.length };
    },
  ],
  [
    "POST",
    "/api/duplicates/:id/answer",
    ({ path, body }) => {
      const pair = pairs.find(({ id }) => id === path.id);
      // One pair cannot be merged, as it happens.
      if (path.id === "3.4" && body.answer === "same")
        return { done: false, reason: "each has its own user_id: part one of them first" };
      Object.assign(pair, {
        state: body.answer,
        decided_by: "ana@example.com",
        decided_at: new Date().toISOString(),
      });
      return done;
    },
  ],
  ["GET", "/api/duplicates/settings", () => thresholds],
  ["PUT", "/api/duplicates/settings", ({ body }) => (thresholds = body)],
  ["POST", "/api/duplicates/find", () => start("duplicates")],
];
