// Journeys and call tasks of the made-up server: one that runs, a draft that has something to mend, and their people.
import { people } from "./mock-data.mjs";

const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];
const ago = (ms) => new Date(Date.now() - ms).toISOString();
const ANA = "ana@example.com";

const one = (template_id) => [{ template_id, wait_s: 0, until: "read" }];
const send = (chain, next) => ({ do: "send", purpose: "marketing", chain, postpone_s: 86_400, next: next ?? null });
const at = (step_id, x, y, does, name) => ({ step_id, ...(name && { name }), x, y, does });

const testDrive = {
  journey_id: "test-drive",
  name: "From test drive to offer",
  entry: { by: "event", event: "test_drive_booked", key: "properties.lead_id" },
  only: { if: "all", rules: [{ if: "consent", purpose: "marketing", is: "given" }] },
  again: "when_ended",
  holdout: 100,
  per_hour: 500,
  goal: { event: "contract_signed", key: "properties.lead_id", within: "60d" },
  exits: [{ on: "event", event: "lead_lost", key: "properties.lead_id" }],
  first: "send-1",
  steps: [
    at(
      "send-1",
      0,
      0,
      send(
        [
          { template_id: "test-drive", wait_s: 14_400, until: "read" },
          { template_id: "test-drive-sms", wait_s: 0, until: "delivered" },
        ],
        "wait-1",
      ),
    ),
    at("wait-1", 0, 192, {
      do: "wait",
      wait: { date: { field: "properties.test_drive_at", days: -1, at: "18:00" } },
      next: "send-2",
      otherwise: "wait_for-1",
    }),
    at("send-2", -160, 384, send(one("reminder"), "wait_for-1"), "Reminder of the day before"),
    at("wait_for-1", 0, 576, {
      do: "wait_for",
      what: { for: "event", event: "test_drive_done", key: "properties.lead_id" },
      within: "5d",
      next: "branch-1",
      otherwise: "call_task-1",
    }),
    at("branch-1", -330, 768, {
      do: "branch",
      arms: [
        {
          name: "Electric",
          when: { on: "event", field: "model", is: { op: "is", values: ["Elara", "Ferrin"] } },
          next: "send-3",
        },
        {
          name: "Wants financing",
          when: {
            on: "person",
            rule: {
              if: "all",
              rules: [{ if: "trait", name: "payment", is: { op: "is", values: ["credit", "lease"] } }],
            },
          },
          next: "send-4",
        },
      ],
      otherwise: "split-1",
    }),
    at("call_task-1", 480, 768, {
      do: "call_task",
      title: "Find another day for the test drive",
      script:
        "Hello! You had booked a test drive with us and we missed you.\nWould another day this week suit you?\nOffer the evening slots on Wednesday and Friday.",
      tries: 3,
      gap: "4h",
      within: "2d",
      next: "set_stage-1",
      otherwise: null,
    }),
    at("send-3", -810, 960, send(one("electric"), "set_stage-1")),
    at("send-4", -490, 960, send(one("financing"), "set_stage-1")),
    at("split-1", -170, 960, {
      do: "split",
      arms: [
        { name: "Offer now", share: 500, next: "send-5" },
        { name: "Two days later", share: 500, next: "wait-2" },
      ],
    }),
    at("send-5", -330, 1152, send(one("offer"), "set_stage-1")),
    at("wait-2", -10, 1152, { do: "wait", wait: { lasting: "2d" }, next: "send-6" }),
    at("send-6", -10, 1344, send(one("offer"), "set_stage-1"), "The same offer, later"),
    at("set_stage-1", -170, 1536, { do: "set_stage", stage: "offer", next: null }),
  ],
};

const winBack = {
  journey_id: "win-back",
  name: "Back after 90 silent days",
  entry: { by: "segment", segment_id: "keen", turn: "left" },
  again: { after: "26w" },
  first: "send-1",
  steps: [
    at("send-1", 0, 0, send(one("news"), "wait_for-1")),
    at("wait_for-1", 0, 192, {
      do: "wait_for",
      what: { for: "message", step_id: "send-1", came: "clicked" },
      within: "3d",
      next: null,
      otherwise: "send-2",
    }),
    at("send-2", 160, 384, send([{ template_id: "", wait_s: 0, until: "read" }])),
  ],
};

const service = {
  journey_id: "first-service",
  name: "First service, a year on",
  entry: { by: "event", event: "delivered", key: "properties.vin" },
  again: "never",
  goal: { event: "service_visit", within: "60d" },
  first: "wait-1",
  steps: [
    at("wait-1", 0, 0, {
      do: "wait",
      wait: { date: { field: "delivery_date", days: 340, at: "10:00" } },
      next: "send-1",
      otherwise: null,
    }),
    at("send-1", -160, 192, send(one("service"), "wait_for-1")),
    at("wait_for-1", -160, 384, {
      do: "wait_for",
      what: { for: "event", event: "service_visit" },
      within: "2w",
      next: null,
      otherwise: "call_task-1",
    }),
    at("call_task-1", 0, 576, {
      do: "call_task",
      title: "Arrange the first service",
      script: "Your car has its first service coming up. Shall we find a day?",
      tries: 2,
      gap: "1d",
      within: "1w",
      next: null,
      otherwise: null,
    }),
  ],
};

const none = { entered: 0, running: 0, ended: 0, goals: 0, held_out: 0 };
const kept = new Map();
const keep = (journey, state, version, counts, changed, live = version === null ? null : structuredClone(journey)) =>
  kept.set(journey.journey_id, { journey, live, state, version, counts, changed_at: ago(changed), changed_by: ANA });
keep(testDrive, "live", 3, { entered: 4_812, running: 1_137, ended: 3_675, goals: 694, held_out: 471 }, 2 * DAY);
keep(service, "live", 1, { entered: 2_260, running: 2_017, ended: 243, goals: 88, held_out: 0 }, 41 * DAY);
keep(winBack, "draft", null, none, 3 * HOUR);

const HERE = { "send-1": 4, "wait-1": 402, "wait_for-1": 519, "call_task-1": 63, "wait-2": 149 };
const WAYS = [
  ["@entry", "next", 4_812],
  ["send-1", "next", 4_808],
  ["wait-1", "next", 3_914],
  ["wait-1", "otherwise", 492],
  ["send-2", "next", 3_914],
  ["wait_for-1", "next", 2_871],
  ["wait_for-1", "otherwise", 1_016],
  ["branch-1", "arm0", 731],
  ["branch-1", "arm1", 604],
  ["branch-1", "otherwise", 1_536],
  ["split-1", "arm0", 771],
  ["split-1", "arm1", 765],
  ["send-3", "next", 731],
  ["send-4", "next", 604],
  ["send-5", "next", 771],
  ["wait-2", "next", 616],
  ["send-6", "next", 616],
  ["call_task-1", "next", 412],
  ["call_task-1", "otherwise", 541],
];
const REASONS = [
  { reason: "ended", count: 2_317 },
  { reason: "goal", count: 694 },
  { reason: "exit", count: 401 },
  { reason: "no_answer", count: 263 },
];

function problemsOf({ entry, first, steps }) {
  const ids = new Set(steps.map(({ step_id }) => step_id));
  const found = [];
  if (entry.by === "event" && !entry.event) found.push({ step_id: null, says: "No event is chosen that begins it." });
  if (entry.by === "segment" && !entry.segment_id) found.push({ step_id: null, says: "No segment is chosen." });
  if (!first || !ids.has(first)) found.push({ step_id: null, says: "There is no first step." });
  for (const { step_id, does } of steps) {
    if (does.do === "send" && does.chain.some(({ template_id }) => !template_id))
      found.push({ step_id, says: "No template is chosen." });
    if (does.do === "wait_for" && does.what.for === "event" && !does.what.event)
      found.push({ step_id, says: "No event is chosen to wait for." });
    if (does.do === "call_task" && !does.title) found.push({ step_id, says: "The call has no title." });
    if (does.do === "branch" && does.arms.some(({ when }) => when.on === "person" && !when.rule.rules?.length))
      found.push({ step_id, says: "A way has no condition." });
  }
  return found;
}

const detailOf = ({ counts: _, ...held }) => ({
  ...held,
  is_published: isPublished(held),
  problems: problemsOf(held.journey),
});
const isPublished = ({ journey, live }) => JSON.stringify(journey) === JSON.stringify(live);

const NAMES = people.search("", null).profiles;
const PLACES = ["wait-1", "wait_for-1", "call_task-1", "wait-2", "wait_for-1", "wait-1"];
const runs = Array.from({ length: 34 }, (_, place) => {
  const { profile_id, name } = NAMES[place % NAMES.length];
  const state = place % 11 === 10 ? "held_out" : place % 3 === 2 ? "ended" : "running";
  const isGoal = state === "ended" && place % 2 === 0;
  const entered = place * 5 * HOUR + 17 * MINUTE;
  return {
    run_id: `run_${place + 1}`,
    profile_id,
    name,
    key: `L-2026-${40_417 - place * 3}`,
    version: place < 22 ? 3 : 2,
    state,
    step_id: state === "running" ? PLACES[place % PLACES.length] : null,
    reason: state === "ended" ? (isGoal ? "goal" : "ended") : state === "held_out" ? "held_out" : "",
    entered_at: ago(entered),
    changed_at: ago(entered / 3),
    due_at: state === "running" ? new Date(Date.now() + (place + 2) * 3 * HOUR).toISOString() : null,
    goal_at: isGoal ? ago(entered / 3) : null,
  };
});

function pathOf(run) {
  const began = Date.parse(run.entered_at);
  const moment = (after, step_id, way, says) => ({ at: new Date(began + after).toISOString(), step_id, way, says });
  const whole = [
    moment(0, "@entry", "next", "entered"),
    moment(MINUTE, "send-1", "next", "sent"),
    moment(2 * MINUTE, "wait-1", "next", "waited"),
    moment(26 * HOUR, "send-2", "next", "sent"),
    moment(41 * HOUR, "wait_for-1", "next", "happened: test_drive_done"),
    moment(41 * HOUR + MINUTE, "branch-1", "otherwise", "branch"),
    moment(41 * HOUR + MINUTE, "split-1", "arm1", "split"),
    moment(89 * HOUR, "wait-2", "next", "waited"),
    moment(89 * HOUR + MINUTE, "send-6", "next", "sent"),
    moment(90 * HOUR, "set_stage-1", null, "set_stage"),
  ];
  if (run.state === "held_out") return whole.slice(0, 1);
  const here = whole.findIndex(({ step_id }) => step_id === run.step_id);
  if (here === -1) return whole;
  return [...whole.slice(0, here), { ...whole[here], way: null, says: "waits" }];
}

function simulated({ journey, entry, starts_at, happenings }) {
  let now = Date.parse(starts_at);
  const UNITS = { m: MINUTE, h: HOUR, d: DAY, w: 7 * DAY };
  const length = (span) => Number.parseInt(span, 10) * UNITS[span.at(-1)];
  const happened = happenings.map(({ after, event }) => ({ at: now + length(after), event }));
  const path = [{ at: starts_at, step_id: "@entry", way: "next", says: entry.event ? "entered" : "entered: call" }];
  let id = journey.first;
  for (let turn = 0; id && turn < 60; turn++) {
    const does = journey.steps.find(({ step_id }) => step_id === id)?.does;
    if (!does) break;
    const go = (way, says, to) => {
      path.push({ at: new Date(now).toISOString(), step_id: id, way, says });
      id = to ?? null;
    };
    if (does.do === "wait") {
      now += does.wait.lasting ? length(does.wait.lasting) : DAY;
      go("next", "waited", does.next);
    } else if (does.do === "wait_for") {
      const found = happened.find((each) => each.event === does.what.event && now <= each.at);
      const isInTime = found && found.at <= now + length(does.within);
      now = isInTime ? found.at : now + length(does.within);
      go(isInTime ? "next" : "otherwise", isInTime ? "happened" : "timed_out", isInTime ? does.next : does.otherwise);
    } else if (does.do === "branch") go("otherwise", "branch", does.otherwise);
    else if (does.do === "split") go("arm0", "split", does.arms[0].next);
    else if (does.do === "call_task") {
      now += HOUR;
      go("next", "spoke", does.next);
    } else go("next", does.do === "send" ? "sent" : does.do, does.next);
  }
  return { path, ended: { at: new Date(now).toISOString(), reason: "ended" } };
}

function report(days) {
  const told = Array.from({ length: days }, (_, place) => {
    const day = new Date(Date.now() - (days - 1 - place) * DAY);
    const wave = 1 + 0.25 * Math.sin(place / 3) - ([0, 6].includes(day.getUTCDay()) ? 0.35 : 0);
    return {
      day: day.toISOString().slice(0, 10),
      entered: Math.round(61 * wave),
      ended: Math.round(48 * wave * Math.min(1, place / 6)),
      goals: Math.round(9.2 * wave * Math.min(1, place / 8)),
    };
  });
  const sum = (name) => told.reduce((all, day) => all + day[name], 0);
  const [entered, goals] = [sum("entered"), sum("goals")];
  const passed = new Map();
  for (const [step_id, , count] of WAYS) passed.set(step_id, (passed.get(step_id) ?? 0) + count);
  const part = (count) => Math.round((count * entered) / 4_812);
  const messages = (count) => ({
    messages: count,
    sent: Math.round(count * 0.96),
    delivered: Math.round(count * 0.93),
    read: Math.round(count * 0.51),
    clicked: Math.round(count * 0.13),
    failed: Math.round(count * 0.01),
    suppressed: Math.round(count * 0.03),
  });
  const MEDIANS = { "wait-1": 3.2 * DAY, "wait_for-1": 1.4 * DAY, "wait-2": 2 * DAY, "call_task-1": 5.5 * HOUR };
  return {
    entered,
    goals,
    held_out: Math.round(entered / 9),
    held_out_goals: Math.round(entered / 9 / 9.6),
    rate: goals / entered,
    held_out_rate: 1 / 9.6,
    uplift: goals / entered - 1 / 9.6,
    uplift_low: goals / entered - 1 / 9.6 - 0.024,
    uplift_high: goals / entered - 1 / 9.6 + 0.024,
    value: goals * 31_400,
    days: told,
    reasons: REASONS.map(({ reason, count }) => ({ reason, count: part(count) })),
    steps: testDrive.steps.map(({ step_id, does }) => {
      const count = part(passed.get(step_id) ?? 2_722);
      return {
        step_id,
        passed: count,
        mean_s: MEDIANS[step_id] ? MEDIANS[step_id] / 1_000 : null,
        messages: does.do === "send" ? messages(count) : null,
      };
    }),
  };
}

const template = (template_id, name, message_channel, subject) => ({
  template_id,
  name,
  folder: "",
  message_channel,
  language: "en",
  brand_id: "aurelia",
  is_archived: false,
  version: 1,
  changed_at: ago(20 * DAY),
  changed_by: ANA,
  subject,
  used_by: [],
});
const templates = [
  template("test-drive", "Test drive confirmed", "email", "Your test drive, {{ person.first_name }}"),
  template("test-drive-sms", "Test drive, short", "sms", ""),
  template("reminder", "See you tomorrow", "viber", ""),
  template("electric", "Charging at home", "email", "How far one charge takes you"),
  template("financing", "What it costs a month", "email", "Your car from 289 a month"),
  template("offer", "An offer for your car", "email", "The car you drove has a price"),
  template("news", "New this season", "email", "Three new models to drive"),
  template("service", "Your first service", "email", "A year on the road"),
];

const tasks = [
  ["Find another day for the test drive", testDrive.steps[5].does.script, "test-drive", -95 * MINUTE, 1],
  ["Find another day for the test drive", testDrive.steps[5].does.script, "test-drive", 40 * MINUTE, 0],
  ["Arrange the first service", service.steps[3].does.script, "first-service", 5 * HOUR, 0],
  ["Find another day for the test drive", testDrive.steps[5].does.script, "test-drive", 26 * HOUR, 2],
].map(([title, script, journey_id, due, tries], place) => {
  const { profile_id, name } = NAMES[(place + 2) % NAMES.length];
  return {
    task_id: `task_${place + 1}`,
    profile_id,
    name,
    phone: place === 2 ? null : `+49 30 5550${117 + place}`,
    title,
    script,
    journey_id,
    run_id: `run_${place + 3}`,
    tries,
    tries_max: journey_id === "test-drive" ? 3 : 2,
    opened_at: ago(8 * HOUR),
    due_at: new Date(Date.now() + due).toISOString(),
    state: "open",
    outcome: null,
    note: "",
  };
});
const done = (ms) => new Date(Date.now() - ms).toISOString();
tasks.push({
  ...tasks[1],
  task_id: "task_9",
  name: NAMES[9]?.name ?? null,
  state: "done",
  outcome: "spoke",
  note: "Comes on Friday at 17:30",
  tries: 1,
  due_at: done(7 * HOUR),
});

const gone = { refusal: { status: 404, error: { code: "not_found", message: "There is no such journey." } } };
const at1 = (path, turn) => {
  const held = kept.get(path.id);
  return held ? turn(held) : gone;
};

export const journeyRoutes = [
  [
    "GET",
    "/api/journeys",
    () => ({
      journeys: [...kept.values()].map((held) => ({
        journey_id: held.journey.journey_id,
        name: held.journey.name,
        state: held.state,
        version: held.version,
        is_published: isPublished(held),
        entry: held.journey.entry,
        counts: held.counts,
        changed_at: held.changed_at,
        changed_by: held.changed_by,
      })),
    }),
  ],
  [
    "GET",
    "/api/journeys/templates",
    () => ({
      templates: [
        {
          template_id: "test-drive",
          name: "From test drive to offer",
          says: "Confirms the test drive, reminds, and makes an offer that fits; calls those who did not come.",
          journey: testDrive,
        },
        {
          template_id: "first-service",
          name: "First service",
          says: "Invites owners to the first service in time, and calls who does not answer.",
          journey: service,
        },
      ],
    }),
  ],
  ["POST", "/api/journeys/check", ({ body }) => ({ problems: problemsOf(body.journey) })],
  ["POST", "/api/journeys/simulate", ({ body }) => simulated(body)],
  [
    "POST",
    "/api/journeys",
    ({ body: { journey } }) => {
      keep(journey, "draft", null, none, 0);
      return { done: true };
    },
  ],
  ["GET", "/api/journeys/:id", ({ path }) => at1(path, detailOf)],
  [
    "PUT",
    "/api/journeys/:id",
    ({ path, body }) =>
      at1(path, (held) => {
        Object.assign(held, { journey: body.journey, changed_at: ago(0) });
        return { done: true };
      }),
  ],
  [
    "POST",
    "/api/journeys/:id/step",
    ({ path, body: { step } }) =>
      at1(path, (held) => {
        if (step === "publish")
          Object.assign(held, {
            state: "live",
            version: (held.version ?? 0) + 1,
            live: structuredClone(held.journey),
          });
        else held.state = { close: "closed", reopen: "live", stop: "stopped" }[step];
        return { done: true };
      }),
  ],
  [
    "GET",
    "/api/journeys/:id/counts",
    ({ path }) =>
      at1(path, ({ counts, journey }) =>
        journey.journey_id === "test-drive"
          ? {
              ...counts,
              reasons: REASONS,
              steps: Object.entries(HERE).map(([step_id, here]) => ({ step_id, here })),
              ways: WAYS.map(([step_id, way, count]) => ({ step_id, way, count })),
            }
          : { ...counts, reasons: [], steps: [{ step_id: "wait-1", here: counts.running }], ways: [] },
      ),
  ],
  ["GET", "/api/journeys/:id/report", ({ query }) => report(Number(query.get("days") ?? 30))],
  [
    "GET",
    "/api/journeys/:id/runs",
    ({ query }) => ({
      runs: runs.filter(
        ({ step_id, state }) =>
          (!query.get("step_id") || step_id === query.get("step_id")) &&
          (!query.get("state") || state === query.get("state")),
      ),
      next: null,
    }),
  ],
  ["POST", "/api/journeys/:id/runs", () => ({ done: true })],
  [
    "GET",
    "/api/journey-runs/:id",
    ({ path }) => {
      const run = runs.find(({ run_id }) => run_id === path.id);
      return run
        ? {
            run: { ...run, journey_id: testDrive.journey_id },
            journey: testDrive,
            event: "",
            properties: {},
            path: pathOf(run),
          }
        : gone;
    },
  ],
  [
    "GET",
    "/api/tasks",
    ({ query }) => ({ tasks: tasks.filter(({ state }) => state === (query.get("state") ?? "open")), next: null }),
  ],
  [
    "POST",
    "/api/tasks/:id/answer",
    ({ path, body }) => {
      Object.assign(
        tasks.find(({ task_id }) => task_id === path.id),
        { state: "done", ...body },
      );
      return { done: true };
    },
  ],
  ["GET", "/api/templates", () => ({ templates })],
  [
    "GET",
    "/api/gate",
    () => ({
      purposes: [
        { purpose_id: "marketing", name: "Marketing", basis: "opt_in" },
        { purpose_id: "service", name: "Service", basis: "transactional" },
      ],
      caps: [],
      quiet_hours: [],
      budgets: [],
      tz: "Europe/Kyiv",
    }),
  ],
];
