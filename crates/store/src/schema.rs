//! The state database's tables, as numbered migrations: a change is a new entry at the end.

/// `KEY64` and `BLOB` are read by [`crate::Database::migrate`].
pub const STATE: &[&str] = &["
CREATE TABLE fold (name TEXT_C PRIMARY KEY, value BIGINT NOT NULL);
CREATE TABLE fragments (
    fragment_id KEY64, profile_id BIGINT NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL, generation BIGINT NOT NULL,
    current_generation BIGINT NOT NULL, first_us BIGINT NOT NULL, last_us BIGINT NOT NULL, first_offset BIGINT NOT NULL,
    events BIGINT NOT NULL, state TEXT NOT NULL);
CREATE INDEX fragments_of_profile ON fragments (profile_id) WHERE profile_id <> fragment_id;
CREATE INDEX fragments_by_last ON fragments (last_us);
CREATE TABLE evidence (
    a BIGINT NOT NULL, b BIGINT NOT NULL, rule TEXT NOT NULL, log_offset BIGINT NOT NULL, at_us BIGINT NOT NULL, PRIMARY KEY (a, b)) BY_KEY;
CREATE INDEX evidence_by_b ON evidence (b);
CREATE TABLE name_words (word TEXT_C NOT NULL, fragment_id BIGINT NOT NULL, PRIMARY KEY (word, fragment_id)) BY_KEY;
CREATE TABLE leads (
    lead_id TEXT_C PRIMARY KEY, fragment_id BIGINT NOT NULL, created_us BIGINT NOT NULL, updated_us BIGINT NOT NULL, stage TEXT NOT NULL,
    stage_us BIGINT NOT NULL, model TEXT, dealer TEXT, region TEXT, channel TEXT, utm_source TEXT, campaign TEXT, value DOUBLE PRECISION);
CREATE INDEX leads_of_fragment ON leads (fragment_id);
CREATE INDEX leads_of_dealer ON leads (dealer);
CREATE TABLE orders (
    order_id TEXT_C PRIMARY KEY, fragment_id BIGINT NOT NULL, at_us BIGINT NOT NULL, updated_us BIGINT NOT NULL, status TEXT NOT NULL,
    revenue DOUBLE PRECISION, currency TEXT, lead_id TEXT, model TEXT, dealer TEXT, region TEXT, channel TEXT, utm_source TEXT, campaign TEXT);
CREATE INDEX orders_of_fragment ON orders (fragment_id);
CREATE TABLE calls (
    call_id TEXT_C PRIMARY KEY, fragment_id BIGINT NOT NULL, at_us BIGINT NOT NULL, updated_us BIGINT NOT NULL, direction TEXT,
    duration_s DOUBLE PRECISION, result TEXT, agent TEXT, model TEXT, dealer TEXT, region TEXT, channel TEXT, utm_source TEXT, campaign TEXT);
CREATE INDEX calls_of_fragment ON calls (fragment_id);
CREATE TABLE ad_costs (
    cost_key TEXT_C PRIMARY KEY, day TEXT NOT NULL, channel TEXT NOT NULL, utm_source TEXT NOT NULL, campaign TEXT NOT NULL, region TEXT NOT NULL,
    cost DOUBLE PRECISION NOT NULL, impressions BIGINT NOT NULL, clicks BIGINT NOT NULL, currency TEXT NOT NULL);
CREATE TABLE totals (
    day BIGINT NOT NULL, metric TEXT_C NOT NULL, dimension TEXT_C NOT NULL, count BIGINT NOT NULL, amount BIGINT NOT NULL,
    PRIMARY KEY (day, metric, dimension)) BY_KEY;
CREATE TABLE dead_letters (
    log_offset KEY64, number BIGINT NOT NULL, received_us BIGINT NOT NULL, source TEXT NOT NULL, code TEXT NOT NULL, reason TEXT NOT NULL,
    raw BLOB NOT NULL, state TEXT NOT NULL);
CREATE INDEX dead_letters_by_number ON dead_letters (number);
CREATE TABLE verdicts (log_offset KEY64, at_us BIGINT NOT NULL, body TEXT NOT NULL);
CREATE TABLE blocks (first_offset KEY64, end_offset BIGINT NOT NULL, body BLOB NOT NULL);
CREATE TABLE dedupe_runs (run KEY64, day BIGINT NOT NULL, level BIGINT NOT NULL, keys BIGINT NOT NULL);
CREATE TABLE dedupe_chunks (run BIGINT NOT NULL, number BIGINT NOT NULL, first_key BIGINT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (run, number));
",
    "
CREATE TABLE fragment_changes (end_offset KEY64, body BLOB NOT NULL);
",
    "
CREATE TABLE definitions (
    kind TEXT_C NOT NULL, definition_id TEXT_C NOT NULL, version BIGINT NOT NULL, log_offset BIGINT NOT NULL, created_us BIGINT NOT NULL,
    changed_us BIGINT NOT NULL, changed_by TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, definition_id)) BY_KEY;
CREATE TABLE outbox (
    message_id TEXT_C PRIMARY KEY, round BIGINT NOT NULL, message_channel TEXT NOT NULL, definition TEXT NOT NULL, fragment_id BIGINT NOT NULL,
    phone TEXT NOT NULL, recipient TEXT NOT NULL, body TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL,
    is_admitted BIGINT NOT NULL, admitted_us BIGINT NOT NULL, pending_offset BIGINT NOT NULL, changed_us BIGINT NOT NULL);
CREATE INDEX outbox_pending ON outbox (message_channel, pending_offset, message_id) WHERE state = 'pending';
CREATE INDEX outbox_by_time ON outbox (admitted_us, message_id);
",
    "
CREATE TABLE source_hours (
    source TEXT_C NOT NULL, hour BIGINT NOT NULL, accepted BIGINT NOT NULL, refused BIGINT NOT NULL, last_us BIGINT NOT NULL,
    PRIMARY KEY (source, hour)) BY_KEY;
",
    "
ALTER TABLE leads ADD COLUMN touch TEXT;
ALTER TABLE orders ADD COLUMN touch TEXT;
ALTER TABLE calls ADD COLUMN touch TEXT;
",
    "
DROP INDEX fragments_by_last;
CREATE INDEX fragments_by_time ON fragments ((last_us / 10000000));
",
    "
ALTER TABLE fragments RENAME COLUMN current_generation TO marks;
UPDATE fragments SET marks = 0 WHERE marks <> 0;
ALTER TABLE evidence ADD COLUMN trust BIGINT NOT NULL DEFAULT 2;
ALTER TABLE evidence ADD COLUMN first_us BIGINT NOT NULL DEFAULT 0;
ALTER TABLE evidence ADD COLUMN last_day BIGINT NOT NULL DEFAULT 0;
UPDATE evidence SET first_us = at_us;
CREATE TABLE not_same (
    a BIGINT NOT NULL, b BIGINT NOT NULL, log_offset BIGINT NOT NULL, at_us BIGINT NOT NULL, actor TEXT NOT NULL, PRIMARY KEY (a, b)) BY_KEY;
CREATE INDEX not_same_by_b ON not_same (b);
CREATE TABLE identity_ledger (
    log_offset BIGINT NOT NULL, number BIGINT NOT NULL, at_us BIGINT NOT NULL, act TEXT NOT NULL, rule TEXT NOT NULL, why TEXT NOT NULL,
    a BIGINT NOT NULL, b BIGINT NOT NULL, profile_a BIGINT NOT NULL, profile_b BIGINT NOT NULL, actor TEXT NOT NULL,
    PRIMARY KEY (log_offset, number)) BY_KEY;
CREATE INDEX identity_ledger_by_a ON identity_ledger (a);
CREATE INDEX identity_ledger_by_b ON identity_ledger (b);
",
    "
CREATE TABLE erasures (
    log_offset KEY64, profile_id BIGINT NOT NULL, erased_us BIGINT NOT NULL, actor TEXT NOT NULL, fragments TEXT NOT NULL,
    sought TEXT NOT NULL, message_ids TEXT NOT NULL, entities BIGINT NOT NULL, dead_letters BIGINT NOT NULL);
CREATE TABLE suppressed (fragment_id KEY64, erased_us BIGINT NOT NULL, log_offset BIGINT NOT NULL);
CREATE TABLE suppressed_records (log_offset KEY64);
",
    "
CREATE TABLE segment_versions (number KEY64, body TEXT NOT NULL);
CREATE TABLE memberships (profile_id KEY64, turns_us BIGINT NOT NULL, members TEXT NOT NULL);
CREATE INDEX memberships_by_turn ON memberships (turns_us, profile_id) WHERE turns_us <> 0;
",
    "
ALTER TABLE outbox ADD COLUMN purpose TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN variant TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN step BIGINT NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN plan TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN due_us BIGINT NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN read_us BIGINT NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN clicked_us BIGINT NOT NULL DEFAULT 0;
CREATE INDEX outbox_by_fragment ON outbox (fragment_id, admitted_us);
CREATE INDEX outbox_by_definition ON outbox (definition, admitted_us);
CREATE INDEX outbox_due ON outbox (due_us, admitted_us, message_id) WHERE due_us <> 0;
CREATE TABLE suppressed_addresses (
    message_channel TEXT_C NOT NULL, address TEXT_C NOT NULL, reason TEXT NOT NULL, actor TEXT NOT NULL, at_us BIGINT NOT NULL,
    PRIMARY KEY (message_channel, address)) BY_KEY;
",
    "
CREATE TABLE runs (
    run_id TEXT_C PRIMARY KEY, journey_id TEXT_C NOT NULL, version BIGINT NOT NULL, fragment_id BIGINT NOT NULL, key TEXT NOT NULL,
    state TEXT NOT NULL, reason TEXT NOT NULL, step_id TEXT NOT NULL, due_us BIGINT NOT NULL, entered_us BIGINT NOT NULL,
    changed_us BIGINT NOT NULL, ended_us BIGINT NOT NULL, goal_us BIGINT NOT NULL, goal_value BIGINT NOT NULL, body TEXT NOT NULL);
CREATE INDEX runs_due ON runs (due_us, run_id) WHERE due_us <> 0;
CREATE INDEX runs_by_fragment ON runs (fragment_id);
CREATE INDEX runs_by_journey ON runs (journey_id, state, step_id);
CREATE INDEX runs_by_time ON runs (journey_id, entered_us, run_id);
CREATE TABLE tasks (
    task_id TEXT_C PRIMARY KEY, run_id TEXT_C NOT NULL, journey_id TEXT NOT NULL, step_id TEXT NOT NULL, fragment_id BIGINT NOT NULL,
    title TEXT NOT NULL, script TEXT NOT NULL, tries BIGINT NOT NULL, tries_max BIGINT NOT NULL, gap_us BIGINT NOT NULL, state TEXT NOT NULL,
    opened_us BIGINT NOT NULL, due_us BIGINT NOT NULL, changed_us BIGINT NOT NULL, answer TEXT NOT NULL, note TEXT NOT NULL,
    answered_by TEXT NOT NULL);
CREATE INDEX tasks_by_run ON tasks (run_id);
CREATE INDEX tasks_by_fragment ON tasks (fragment_id);
CREATE INDEX tasks_by_due ON tasks (state, due_us, task_id);
",
    "
CREATE TABLE handlings (
    lead_id TEXT_C PRIMARY KEY, fragment_id BIGINT NOT NULL, queue TEXT_C NOT NULL, dealer_id TEXT_C NOT NULL, owner TEXT NOT NULL,
    band TEXT NOT NULL, score BIGINT NOT NULL, opened_us BIGINT NOT NULL, changed_us BIGINT NOT NULL, dispatched_us BIGINT NOT NULL,
    accepted_us BIGINT NOT NULL, contacted_us BIGINT NOT NULL, due_us BIGINT NOT NULL, clock_us BIGINT NOT NULL, prompt_us BIGINT NOT NULL,
    body TEXT NOT NULL);
CREATE INDEX handlings_due ON handlings (due_us, lead_id) WHERE due_us <> 0;
CREATE INDEX handlings_by_fragment ON handlings (fragment_id);
CREATE INDEX handlings_by_queue ON handlings (queue, clock_us, lead_id);
CREATE INDEX handlings_by_dealer ON handlings (dealer_id, queue);
CREATE INDEX handlings_by_time ON handlings (opened_us);
CREATE TABLE lead_moves (
    lead_id TEXT_C NOT NULL, number BIGINT NOT NULL, at_us BIGINT NOT NULL, act TEXT NOT NULL, actor TEXT NOT NULL, from_word TEXT NOT NULL,
    to_word TEXT NOT NULL, reason TEXT NOT NULL, note TEXT NOT NULL, PRIMARY KEY (lead_id, number)) BY_KEY;
CREATE INDEX lead_moves_by_time ON lead_moves (at_us);
CREATE TABLE dealer_loads (
    dealer_id TEXT_C PRIMARY KEY, is_region BIGINT NOT NULL, open BIGINT NOT NULL, day BIGINT NOT NULL, today BIGINT NOT NULL,
    turn BIGINT NOT NULL) BY_KEY;
",
    "
CREATE TABLE operators (email TEXT_C PRIMARY KEY, body TEXT NOT NULL) BY_KEY;
",
    "
CREATE TABLE vehicles (vin TEXT_C PRIMARY KEY, due_us BIGINT NOT NULL, body TEXT NOT NULL);
CREATE INDEX vehicles_due ON vehicles (due_us, vin) WHERE due_us <> 0;
CREATE TABLE vehicle_owners (fragment_id BIGINT NOT NULL, vin TEXT_C NOT NULL, PRIMARY KEY (fragment_id, vin)) BY_KEY;
CREATE INDEX vehicle_owners_by_vin ON vehicle_owners (vin);
CREATE TABLE household_members (fragment_id BIGINT PRIMARY KEY, household_id TEXT_C NOT NULL, at_us BIGINT NOT NULL) BY_KEY;
CREATE INDEX household_members_of ON household_members (household_id);
"];

/// A state table as a checkpoint copies it and a replay compares it.
pub struct Table {
    pub name: &'static str,
    pub columns: &'static [&'static str],
    /// How many of the first columns are the key.
    pub key: usize,
    /// Rows that count; the others are left out of a comparison.
    pub live: &'static str,
}

/// The tables that a replay must reach to the letter. Blocks are dropped as the lake takes them, and dedupe runs are
/// cut by batches: those two are compared by what they mean, not by their rows.
pub const COMPARED: &[Table] = &[
    Table {
        name: "fragments",
        columns: &[
            "fragment_id",
            "profile_id",
            "kind",
            "value",
            "generation",
            "marks",
            "first_us",
            "last_us",
            "first_offset",
            "events",
            "state",
        ],
        key: 1,
        live: "1 = 1",
    },
    Table { name: "evidence", columns: &["a", "b", "rule", "log_offset", "at_us", "trust", "first_us", "last_day"], key: 2, live: "1 = 1" },
    Table { name: "not_same", columns: &["a", "b", "log_offset", "at_us", "actor"], key: 2, live: "1 = 1" },
    Table {
        name: "identity_ledger",
        columns: &["log_offset", "number", "at_us", "act", "rule", "why", "a", "b", "profile_a", "profile_b", "actor"],
        key: 2,
        live: "1 = 1",
    },
    Table { name: "name_words", columns: &["word", "fragment_id"], key: 2, live: "1 = 1" },
    Table {
        name: "leads",
        columns: &[
            "lead_id",
            "fragment_id",
            "created_us",
            "updated_us",
            "stage",
            "stage_us",
            "model",
            "dealer",
            "region",
            "channel",
            "utm_source",
            "campaign",
            "value",
            "touch",
        ],
        key: 1,
        live: "1 = 1",
    },
    Table {
        name: "orders",
        columns: &[
            "order_id",
            "fragment_id",
            "at_us",
            "updated_us",
            "status",
            "revenue",
            "currency",
            "lead_id",
            "model",
            "dealer",
            "region",
            "channel",
            "utm_source",
            "campaign",
            "touch",
        ],
        key: 1,
        live: "1 = 1",
    },
    Table {
        name: "calls",
        columns: &[
            "call_id",
            "fragment_id",
            "at_us",
            "updated_us",
            "direction",
            "duration_s",
            "result",
            "agent",
            "model",
            "dealer",
            "region",
            "channel",
            "utm_source",
            "campaign",
            "touch",
        ],
        key: 1,
        live: "1 = 1",
    },
    Table {
        name: "ad_costs",
        columns: &["cost_key", "day", "channel", "utm_source", "campaign", "region", "cost", "impressions", "clicks", "currency"],
        key: 1,
        live: "1 = 1",
    },
    Table { name: "totals", columns: &["day", "metric", "dimension", "count", "amount"], key: 3, live: "(count <> 0 OR amount <> 0)" },
    Table {
        name: "dead_letters",
        columns: &["log_offset", "number", "received_us", "source", "code", "reason", "raw", "state"],
        key: 1,
        live: "1 = 1",
    },
    Table {
        name: "definitions",
        columns: &["kind", "definition_id", "version", "log_offset", "created_us", "changed_us", "changed_by", "body"],
        key: 2,
        live: "1 = 1",
    },
    Table {
        name: "outbox",
        columns: &[
            "message_id",
            "round",
            "message_channel",
            "definition",
            "fragment_id",
            "phone",
            "recipient",
            "body",
            "state",
            "reason",
            "is_admitted",
            "admitted_us",
            "pending_offset",
            "changed_us",
            "purpose",
            "variant",
            "step",
            "plan",
            "due_us",
            "read_us",
            "clicked_us",
        ],
        key: 1,
        live: "1 = 1",
    },
    Table { name: "suppressed_addresses", columns: &["message_channel", "address", "reason", "actor", "at_us"], key: 2, live: "1 = 1" },
    Table {
        name: "runs",
        columns: &[
            "run_id",
            "journey_id",
            "version",
            "fragment_id",
            "key",
            "state",
            "reason",
            "step_id",
            "due_us",
            "entered_us",
            "changed_us",
            "ended_us",
            "goal_us",
            "goal_value",
            "body",
        ],
        key: 1,
        live: "1 = 1",
    },
    Table {
        name: "tasks",
        columns: &[
            "task_id",
            "run_id",
            "journey_id",
            "step_id",
            "fragment_id",
            "title",
            "script",
            "tries",
            "tries_max",
            "gap_us",
            "state",
            "opened_us",
            "due_us",
            "changed_us",
            "answer",
            "note",
            "answered_by",
        ],
        key: 1,
        live: "1 = 1",
    },
    Table {
        name: "handlings",
        columns: &[
            "lead_id",
            "fragment_id",
            "queue",
            "dealer_id",
            "owner",
            "band",
            "score",
            "opened_us",
            "changed_us",
            "dispatched_us",
            "accepted_us",
            "contacted_us",
            "due_us",
            "clock_us",
            "prompt_us",
            "body",
        ],
        key: 1,
        live: "1 = 1",
    },
    Table {
        name: "lead_moves",
        columns: &["lead_id", "number", "at_us", "act", "actor", "from_word", "to_word", "reason", "note"],
        key: 2,
        live: "1 = 1",
    },
    Table { name: "dealer_loads", columns: &["dealer_id", "is_region", "open", "day", "today", "turn"], key: 1, live: "1 = 1" },
    Table { name: "vehicles", columns: &["vin", "due_us", "body"], key: 1, live: "1 = 1" },
    Table { name: "vehicle_owners", columns: &["fragment_id", "vin"], key: 2, live: "1 = 1" },
    Table { name: "household_members", columns: &["fragment_id", "household_id", "at_us"], key: 1, live: "1 = 1" },
    Table { name: "operators", columns: &["email", "body"], key: 1, live: "1 = 1" },
    Table { name: "verdicts", columns: &["log_offset", "at_us", "body"], key: 1, live: "1 = 1" },
    Table { name: "source_hours", columns: &["source", "hour", "accepted", "refused", "last_us"], key: 2, live: "1 = 1" },
    Table {
        name: "erasures",
        columns: &["log_offset", "profile_id", "erased_us", "actor", "fragments", "sought", "message_ids", "entities", "dead_letters"],
        key: 1,
        live: "1 = 1",
    },
    Table { name: "suppressed", columns: &["fragment_id", "erased_us", "log_offset"], key: 1, live: "1 = 1" },
    Table { name: "suppressed_records", columns: &["log_offset"], key: 1, live: "1 = 1" },
    Table { name: "segment_versions", columns: &["number", "body"], key: 1, live: "1 = 1" },
    Table { name: "memberships", columns: &["profile_id", "turns_us", "members"], key: 1, live: "(members <> ',' OR turns_us <> 0)" },
    Table { name: "fold", columns: &["name", "value"], key: 1, live: "1 = 1" },
];

/// Copied by a checkpoint beside the compared ones.
pub const UNCOMPARED: &[Table] = &[
    Table { name: "fragment_changes", columns: &["end_offset", "body"], key: 1, live: "1 = 1" },
    Table { name: "blocks", columns: &["first_offset", "end_offset", "body"], key: 1, live: "1 = 1" },
    Table { name: "dedupe_runs", columns: &["run", "day", "level", "keys"], key: 1, live: "1 = 1" },
    Table { name: "dedupe_chunks", columns: &["run", "number", "first_key", "body"], key: 2, live: "1 = 1" },
];
