// Written by hand from the HTTP contract, in the shape that `npm run generate-api` gives.

type Json<Body> = { content: { "application/json": Body } };
type Empty = { content?: never };
type Params<Query, Path> = { query?: Query; header?: never; path: Path; cookie?: never };
type NoPath = { query?: never; header?: never; path?: never; cookie?: never };
type Read<Answer, Query = never> = {
  parameters: [Query] extends [never] ? NoPath : { query?: Query; header?: never; path?: never; cookie?: never };
  requestBody?: never;
  responses: { 200: Json<Answer> };
};
type ReadOne<Answer, Path, Query = never> = {
  parameters: Params<Query, Path>;
  requestBody?: never;
  responses: { 200: Json<Answer> };
};
type Write<Answer, Body> = { parameters: NoPath; requestBody: Json<Body>; responses: { 200: Json<Answer> } };
type WriteOne<Answer, Path, Body> = {
  parameters: Params<never, Path>;
  requestBody: Json<Body>;
  responses: { 200: Json<Answer> };
};
type Act<Path> = { parameters: Params<never, Path>; requestBody?: never; responses: { 204: Empty } };

type Id = { id: string };
type Schemas = components["schemas"];

export interface paths {
  "/api/auth/login": { post: Write<Schemas["Me"], { email: string; password: string }> };
  "/api/auth/logout": { post: { parameters: NoPath; requestBody?: never; responses: { 204: Empty } } };
  "/api/auth/setup": {
    get: Read<{ valid: boolean }, { token: string }>;
    post: Write<Schemas["Me"], { token: string; email: string; password: string; name: string }>;
  };
  "/api/me": { get: Read<Schemas["Me"]> };
  "/api/users": { get: Read<{ users: Schemas["User"][] }>; post: Write<Schemas["User"], Schemas["NewUser"]> };
  "/api/users/{id}": { delete: Act<Id> };
  "/api/tokens": { get: Read<{ tokens: Schemas["Token"][] }>; post: Write<Schemas["CreatedToken"], Schemas["NewToken"]> };
  "/api/tokens/{id}": { delete: Act<Id> };
  "/api/sources": { get: Read<{ sources: Schemas["Source"][] }>; post: Write<Schemas["Source"], { name: string }> };
  "/api/sources/{id}": { patch: WriteOne<Schemas["Source"], Id, { name?: string; enabled?: boolean }> };
  "/api/sources/{id}/rotate": {
    post: { parameters: Params<never, Id>; requestBody?: never; responses: { 200: Json<Schemas["Source"]> } };
  };
  "/api/overview": { get: Read<Schemas["Overview"], { from: string; to: string }> };
  "/api/jobs": { get: Read<{ jobs: Schemas["Job"][] }> };
  "/api/live/recent": { get: Read<{ events: Schemas["LiveEvent"][] }, { limit?: number }> };
  "/api/dead-letters": {
    get: Read<Schemas["DeadLetters"], { cursor?: string; limit?: number; reason?: string; state?: string }>;
  };
  "/api/dead-letters/{id}/retry": {
    post: WriteOne<{ accepted: boolean; reason: string | null }, Id, { raw: string }>;
  };
  "/api/dead-letters/{id}/discard": { post: Act<Id> };
  "/api/profiles": { get: Read<Schemas["ProfileList"], { q?: string; cursor?: string; limit?: number }> };
  "/api/profiles/{id}": { get: ReadOne<{ profile: Schemas["Profile"]; redirected_from: string | null }, Id> };
  "/api/profiles/{id}/timeline": {
    get: ReadOne<Schemas["Timeline"], Id, { cursor?: string; limit?: number; kind?: Schemas["TimelineKind"] }>;
  };
  "/api/profiles/{id}/traits": {
    post: WriteOne<{ done: boolean; reason: string | null; link?: string }, Id, { name: string; value: unknown }>;
  };
  "/api/reports/funnel": { post: Write<Schemas["FunnelReport"], Schemas["FunnelSpec"]> };
  "/api/reports/funnel/people": { post: Write<Schemas["FunnelPeople"], Schemas["FunnelPeopleRequest"]> };
  "/api/catalogue": { get: Read<Schemas["Catalogue"]> };
}

export interface components {
  schemas: {
    Role: "admin" | "marketer" | "analyst" | "operator" | "dealer";
    Me: {
      email: string;
      name: string;
      role: Schemas["Role"];
      dealer: string | null;
      csrf: string;
      installation: { name: string; time_zone: string; currency: string; safe_mode: boolean; demo: boolean };
    };
    User: {
      id: string;
      email: string;
      name: string;
      role: Schemas["Role"];
      dealer: string | null;
      created_at: string;
      last_seen_at: string | null;
    };
    NewUser: { email: string; name: string; role: Schemas["Role"]; dealer?: string | null; password: string };
    Token: {
      id: string;
      name: string;
      role: Schemas["Role"];
      dealer: string | null;
      prefix: string;
      created_at: string;
      last_used_at: string | null;
    };
    NewToken: { name: string; role: Schemas["Role"]; dealer?: string | null };
    CreatedToken: { id: string; token: string };
    Source: {
      id: string;
      name: string;
      kind: "segment" | "import" | "form";
      write_key: string;
      enabled: boolean;
      created_at: string;
      health: { last_event_at: string | null; accepted_24h: number; refused_24h: number; per_minute: number[] };
    };
    Totals: { events: number; new_profiles: number; leads: number; sales: number; revenue: number };
    Overview: {
      from: string;
      to: string;
      as_of: string;
      totals: Schemas["Totals"] & { profiles: number; currency: string; previous: Schemas["Totals"] };
      days: (Schemas["Totals"] & { day: string })[];
      channels: { channel: string; leads: number; sales: number; revenue: number; cost: number }[];
      events: { event: string; count: number }[];
      freshness: {
        log_offset: number;
        folded_offset: number;
        lake_offset: number;
        lag_ms: number;
        lake_age_ms: number;
      };
      ingest: {
        accepted_24h: number;
        refused_24h: number;
        duplicates_24h: number;
        per_minute: { at: string; accepted: number; refused: number }[];
      };
      jobs: Schemas["Job"][];
    };
    Job: {
      id: string;
      kind: string;
      title: string;
      state: "running" | "done" | "failed";
      done: number;
      total: number;
      unit: string;
      started_at: string;
      message: string | null;
    };
    LiveEvent: {
      offset: string;
      received_at: string;
      ts: string;
      source: string;
      event: string;
      type: string;
      profile_id: string | null;
      identifiers: { kind: string; value: string }[];
      verdict: "accepted" | "duplicate" | "refused";
      reason: string | null;
      channel: string | null;
      raw: unknown;
    };
    DeadLetter: {
      id: string;
      received_at: string;
      source: string;
      reason_code: string;
      reason: string;
      raw: string;
      state: "open" | "retried" | "discarded";
    };
    DeadLetters: { items: Schemas["DeadLetter"][]; next_cursor: string | null; total_open: number; reasons: { code: string; count: number }[] };
    ProfileRow: {
      profile_id: string;
      name: string | null;
      email: string | null;
      phone: string | null;
      first_seen: string;
      last_seen: string;
      events: number;
      channel: string | null;
      region: string | null;
      dealer: string | null;
      identifiers: number;
    };
    ProfileList: { profiles: Schemas["ProfileRow"][]; next_cursor: string | null; total: number | null };
    Touch: { channel: string | null; utm_source: string | null; campaign: string | null; at: string };
    Trait: { name: string; value: unknown; at: string; source: string };
    Evidence: { rule: string; with: { kind: string; value: string }; at: string; offset: string };
    Identifier: {
      kind: string;
      value: string;
      first_seen: string;
      last_seen: string;
      events: number;
      fragment_id: string;
      evidence: Schemas["Evidence"][];
    };
    Lead: {
      lead_id: string;
      created_at: string;
      stage: string;
      model: string | null;
      dealer: string | null;
      region: string | null;
      channel: string | null;
      updated_at: string;
    };
    Order: {
      order_id: string;
      at: string;
      status: string;
      revenue: number | null;
      currency: string | null;
      model: string | null;
      dealer: string | null;
    };
    Call: { call_id: string; at: string; direction: string; duration_s: number | null; result: string | null };
    Profile: Omit<Schemas["ProfileRow"], "identifiers"> & {
      traits: Schemas["Trait"][];
      identifiers: Schemas["Identifier"][];
      first_touch: Schemas["Touch"] | null;
      last_touch: Schemas["Touch"] | null;
      counts: { event: string; count: number; first: string; last: string }[];
      leads: Schemas["Lead"][];
      orders: Schemas["Order"][];
      calls: Schemas["Call"][];
    };
    TimelineKind: "all" | "visits" | "calls" | "leads" | "orders";
    TimelineItem: {
      ts: string;
      event: string;
      type: string;
      channel: string | null;
      utm_source: string | null;
      campaign: string | null;
      region: string | null;
      dealer: string | null;
      model: string | null;
      url: string | null;
      value: number | null;
      currency: string | null;
      properties: { [name: string]: unknown };
      source: string;
      message_id: string;
      offset: string;
    };
    Timeline: { items: Schemas["TimelineItem"][]; next_cursor: string | null };
    FunnelSpec: {
      steps: { event: string; where?: string }[];
      window: string;
      from: string;
      to: string;
      tz?: string;
      by?: string[];
    };
    FunnelStep: {
      event: string;
      profiles: number;
      rate: number;
      step_rate: number;
      median_time_s: number | null;
    };
    FunnelReport: {
      steps: Schemas["FunnelStep"][];
      groups: { by: { [dimension: string]: string | null }; steps: Schemas["FunnelStep"][] }[];
      groups_omitted: number;
      rows_scanned: number | null;
      elapsed_ms: number;
      as_of: string;
    };
    FunnelPeopleRequest: {
      spec: Schemas["FunnelSpec"];
      step: number;
      outcome: "reached" | "dropped";
      by?: { [dimension: string]: string | null };
      limit?: number;
      cursor?: string;
    };
    FunnelPeople: { profiles: Schemas["ProfileRow"][]; total: number; next_cursor: string | null };
    Catalogue: {
      events: { event: string; count: number; last_seen: string }[];
      dimensions: { [dimension: string]: string[] };
    };
  };
}
