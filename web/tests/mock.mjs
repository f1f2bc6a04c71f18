// A server that answers as the real one does, with made-up data: for looking at pages. Never shipped.
//
// Usage: node tests/mock.mjs [port]     then `npm run dev`, or open it directly: it serves `dist` too.
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import {
  audit,
  catalogue,
  attribution,
  experiment,
  experiments,
  flow,
  funnel,
  retention,
  live,
  overview,
  paths,
  people,
  erasures,
  privacy,
  profile,
  refused,
  sources,
  timeline,
  tokens,
  users,
} from "./mock-data.mjs";
import { identityRoutes } from "./mock-identity.mjs";
import { journeyRoutes } from "./mock-journeys.mjs";
import { leadRoutes } from "./mock-leads.mjs";
import { segmentRoutes } from "./mock-segments.mjs";

const PORT = Number(process.argv[2] ?? 8080);
const DIST = join(fileURLToPath(new URL(".", import.meta.url)), "../dist");
const TYPES = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};

const me = {
  email: "ana@example.com",
  name: "Ana Petrova",
  // ROLE=dealer shows what a dealer sees.
  role: process.env.ROLE ?? "admin",
  dealer: process.env.ROLE === "dealer" ? "norvigrad-north" : null,
  csrf: "csrf-of-the-mock",
  must_enrol: false,
  installation: { name: "Aurelia Motors", time_zone: "Europe/Kyiv", currency: "EUR", safe_mode: true, demo: true },
};

let signedIn = false;
const views = [];

const routes = [
  ["GET", "/api/me", () => (signedIn ? me : refuse(401, "unauthenticated", "Sign in first."))],
  [
    "POST",
    "/api/auth/login",
    ({ body }) => {
      if (body.password !== "forecourt-demo") return refuse(401, "wrong_password", "E-mail or password is wrong.");
      signedIn = true;
      return me;
    },
  ],
  [
    "POST",
    "/api/auth/logout",
    () => {
      signedIn = false;
      return null;
    },
  ],
  ["GET", "/api/auth/sso", () => ({ enabled: false, label: "" })],
  ["POST", "/api/auth/reset/ask", () => null],
  ["GET", "/api/auth/reset", () => ({ valid: true })],
  ["POST", "/api/auth/reset", () => null],
  [
    "GET",
    "/api/account",
    () => ({
      email: me.email,
      name: me.name,
      has_password: true,
      second_factor_since: null,
      second_factor_required: false,
      recovery_codes_left: 0,
    }),
  ],
  [
    "GET",
    "/api/account/sessions",
    () => ({
      sessions: [
        {
          id: "ses_1",
          address: "198.51.100.7",
          agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
          means: "password",
          created_at: new Date(Date.now() - 86_400_000).toISOString(),
          last_seen_at: new Date().toISOString(),
          is_current: true,
        },
        {
          id: "ses_2",
          address: "203.0.113.20",
          agent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Version/18.1 Mobile/15E148 Safari/604.1",
          means: "sso",
          created_at: new Date(Date.now() - 400_000_000).toISOString(),
          last_seen_at: new Date(Date.now() - 7_200_000).toISOString(),
          is_current: false,
        },
      ],
    }),
  ],
  ["GET", "/api/security/policy", () => ({ second_factor_required_for: ["admin"] })],
  [
    "GET",
    "/api/security/sso",
    () => ({
      enabled: true,
      label: "Aurelia ID",
      issuer: "https://id.example.com/realms/staff",
      client_id: "forecourt",
      scopes: ["email", "profile"],
      role_claim: "groups",
      roles: [{ value: "desk", role: "operator", dealer: null }],
      otherwise: null,
      email_domains: ["example.com"],
      has_client_secret: true,
      redirect_uri: "https://cdp.example.com/api/auth/sso/callback",
    }),
  ],
  ["GET", "/api/auth/setup", ({ query }) => ({ valid: query.get("token") === "new" })],
  [
    "POST",
    "/api/auth/setup",
    () => {
      signedIn = true;
      return me;
    },
  ],
  ["GET", "/api/overview", ({ query }) => overview(query.get("from"), query.get("to"))],
  ["GET", "/api/live/recent", ({ query }) => ({ events: live.recent(Number(query.get("limit") ?? 100)) })],
  [
    "GET",
    "/api/dead-letters",
    ({ query }) => {
      const open = refused.filter((item) => item.state === "open");
      const codes = [...new Set(open.map((item) => item.reason_code))];
      const wanted = (item) =>
        (!query.get("state") || item.state === query.get("state")) &&
        (!query.get("reason") || item.reason_code === query.get("reason"));
      const reasons = codes.map((code) => ({ code, count: open.filter((item) => item.reason_code === code).length }));
      return { items: refused.filter(wanted), next_cursor: null, total_open: open.length, reasons };
    },
  ],
  [
    "POST",
    "/api/dead-letters/:id/retry",
    ({ path, body }) => {
      const letter = refused.find((item) => item.id === path.id);
      const mended = JSON.parse(body.raw);
      if (!mended.userId && !mended.anonymousId)
        return { accepted: false, reason: "event has no identifier: send `anonymousId` or `userId`" };
      letter.state = "retried";
      return { accepted: true, reason: null };
    },
  ],
  [
    "POST",
    "/api/dead-letters/:id/discard",
    ({ path }) => {
      refused.find((item) => item.id === path.id).state = "discarded";
      return null;
    },
  ],
  ["GET", "/api/profiles", ({ query }) => people.search(query.get("q") ?? "", query.get("cursor"))],
  [
    "GET",
    "/api/profiles/:id",
    ({ path }) => {
      const found = profile(path.id);
      return found ? { profile: found, redirected_from: null } : refuse(404, "not_found", "There is no such profile.");
    },
  ],
  ["GET", "/api/profiles/:id/timeline", ({ query }) => timeline(query.get("kind") ?? "all")],
  ["POST", "/api/profiles/:id/traits", () => ({ done: true })],
  ["GET", "/api/catalogue", () => catalogue],
  ["POST", "/api/reports/funnel", ({ body }) => funnel(body)],
  ["POST", "/api/reports/funnel/people", () => ({ ...people.search("", null), total: 1834 })],
  ["GET", "/api/experiments", () => experiments],
  ["POST", "/api/reports/experiment", () => experiment()],
  ["POST", "/api/reports/experiment/people", () => ({ ...people.search("", null), total: 412 })],
  [
    "POST",
    "/api/experiments/plan",
    () => ({ people: 3391, planned_people: 6782, days: 34, people_fixed: 1772, days_fixed: 18 }),
  ],
  ["POST", "/api/reports/retention", ({ body }) => retention(body)],
  ["POST", "/api/reports/retention/people", () => ({ ...people.search("", null), total: 412 })],
  ["POST", "/api/reports/flow", ({ body }) => flow(body)],
  ["POST", "/api/reports/flow/people", () => ({ ...people.search("", null), total: 231 })],
  ["POST", "/api/reports/paths", ({ body }) => paths(body)],
  ["POST", "/api/reports/paths/people", () => ({ ...people.search("", null), total: 644 })],
  ["POST", "/api/reports/attribution", ({ body }) => attribution(body)],
  ["POST", "/api/reports/attribution/people", () => ({ ...people.search("", null), total: 96 })],
  ["GET", "/api/sources", () => ({ sources })],
  [
    "POST",
    "/api/sources",
    ({ body }) => {
      const source = {
        ...sources[0],
        id: String(sources.length + 1),
        name: body.name,
        write_key: "wk_7Hn2QpLx9sVbYtRc4dEf",
        created_at: new Date().toISOString(),
        health: { last_event_at: null, accepted_24h: 0, refused_24h: 0, per_minute: Array(60).fill(0) },
      };
      sources.push(source);
      return source;
    },
  ],
  [
    "PATCH",
    "/api/sources/:id",
    ({ path, body }) =>
      Object.assign(
        sources.find((source) => source.id === path.id),
        body,
      ),
  ],
  [
    "POST",
    "/api/sources/:id/rotate",
    ({ path }) =>
      Object.assign(
        sources.find((source) => source.id === path.id),
        { write_key: `wk_${Math.random().toString(36).slice(2)}` },
      ),
  ],
  // Ingest refuses everything here: the walk needs a refused event to mend.
  [
    "POST",
    "/v1/track",
    ({ body }) => {
      refused.unshift({
        id: String(refused.length + 1),
        received_at: new Date().toISOString(),
        source: "Website",
        reason_code: "no_identifier",
        reason: "event has no identifier: send `anonymousId` or `userId`",
        raw: JSON.stringify(body),
        state: "open",
      });
      return { success: true };
    },
  ],
  ["GET", "/api/incidents", () => ({ open: [] })],
  [
    "GET",
    "/api/search",
    ({ query }) => ({
      profiles: people.search(query.get("q"), null).profiles.slice(0, 5),
      leads: [],
      orders: [],
      sources: sources.filter(({ name }) => name.toLowerCase().includes(query.get("q").toLowerCase())),
      events: catalogue.events.map(({ event }) => event).filter((event) => event.includes(query.get("q"))),
      views: [],
    }),
  ],
  ["GET", "/api/views", () => ({ views })],
  [
    "POST",
    "/api/views",
    ({ body }) => {
      views.push({ ...body, id: `view_${views.length}`, owner: me.email, is_mine: true, updated_at: "" });
      return views.at(-1);
    },
  ],
  ["GET", "/api/views/:id", ({ path }) => views.find(({ id }) => id === path.id)],
  [
    "DELETE",
    "/api/views/:id",
    ({ path }) => {
      views.splice(
        views.findIndex(({ id }) => id === path.id),
        1,
      );
      return null;
    },
  ],
  ["GET", "/api/users", () => ({ users })],
  [
    "POST",
    "/api/users",
    ({ body }) => {
      const user = { id: String(users.length + 1), created_at: new Date().toISOString(), last_seen_at: null, ...body };
      users.push(user);
      return user;
    },
  ],
  [
    "DELETE",
    "/api/users/:id",
    ({ path }) => {
      users.splice(
        users.findIndex((user) => user.id === path.id),
        1,
      );
      return null;
    },
  ],
  [
    "GET",
    "/api/audit",
    ({ query }) => {
      const actor = query.get("actor") ?? "";
      const action = query.get("action");
      const items = audit.filter((row) => row.actor.includes(actor) && (!action || row.action === action));
      return { items, next_cursor: null, actions: [...new Set(audit.map(({ action }) => action))] };
    },
  ],
  ["GET", "/api/audit/proof", () => ({ whole: true, rows: 1240, head: `1240:${"5c0e9b1f".repeat(8)}`, broken: null })],
  ["GET", "/api/erasures", () => erasures],
  ["GET", "/api/privacy", () => privacy],
  ["PUT", "/api/privacy/masking", ({ body }) => Object.assign(privacy, { masked_roles: body.roles })],
  ["PUT", "/api/privacy/retention", ({ body }) => Object.assign(privacy, { retention: body })],
  [
    "POST",
    "/api/privacy/retention/count",
    ({ body }) => {
      const before = new Date(Date.now() - 90 * 86_400_000).toISOString();
      const events = [
        { event: "page_viewed", count: 184_210, before },
        { event: "car_viewed", count: 51_007, before },
        { event: "call_ended", count: 820, before },
      ].slice(0, body.rules.length);
      return { events, total: events.reduce((sum, { count }) => sum + count, 0) };
    },
  ],
  ["POST", "/api/privacy/retention/run", () => null],
  ...identityRoutes,
  ...segmentRoutes,
  ...journeyRoutes,
  ...leadRoutes,
  ["GET", "/api/tokens", () => ({ tokens })],
  ["POST", "/api/tokens", () => ({ id: "9", token: "fct_5fG7hJ9kL2mN4pQ6rS8tV1wX3yZ" })],
  [
    "DELETE",
    "/api/tokens/:id",
    ({ path }) => {
      tokens.splice(
        tokens.findIndex((token) => token.id === path.id),
        1,
      );
      return null;
    },
  ],
];

function refuse(status, code, message) {
  return { refusal: { status, error: { code, message } } };
}

function matched(pattern, path) {
  const [wanted, given] = [pattern.split("/"), path.split("/")];
  if (wanted.length !== given.length) return null;
  const found = {};
  for (const [at, part] of wanted.entries()) {
    if (part.startsWith(":")) found[part.slice(1)] = decodeURIComponent(given[at]);
    else if (part !== given[at]) return null;
  }
  return found;
}

createServer(async (request, response) => {
  const url = new URL(request.url, `http://localhost:${PORT}`);
  if (url.pathname === "/api/live/stream") return stream(response);
  if (!/^\/(api|v1)\//.test(url.pathname)) return file(url.pathname, response);

  for (const [method, pattern, answer] of routes) {
    const path = method === request.method && matched(pattern, url.pathname);
    if (!path) continue;
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = chunks.length ? JSON.parse(Buffer.concat(chunks).toString()) : {};
    const result = answer({ path, query: url.searchParams, body });
    if (result === null) return response.writeHead(204).end();
    if (result.refusal) return send(response, result.refusal.status, { error: result.refusal.error });
    return send(response, 200, result);
  }
  send(response, 404, { error: { code: "not_found", message: "There is nothing at this address." } });
}).listen(PORT, "127.0.0.1", () => console.log(`http://127.0.0.1:${PORT}`));

function send(response, status, body) {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

function stream(response) {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  response.write(": hello\n\n");
  const timer = setInterval(() => response.write(`event: event\ndata: ${JSON.stringify(live.next())}\n\n`), 400);
  response.on("close", () => clearInterval(timer));
}

function file(path, response) {
  const wanted = join(DIST, normalize(path));
  const found = existsSync(wanted) && statSync(wanted).isFile() ? wanted : join(DIST, "index.html");
  response.writeHead(200, { "content-type": TYPES[extname(found)] ?? "application/octet-stream" });
  createReadStream(found).pipe(response);
}
