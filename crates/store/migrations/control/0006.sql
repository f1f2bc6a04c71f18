ALTER TABLE users ADD COLUMN disabled BIGINT NOT NULL DEFAULT 0;
CREATE TABLE saved_views (
    id TEXT PRIMARY KEY, page TEXT NOT NULL, name TEXT NOT NULL, state TEXT NOT NULL, owner TEXT NOT NULL, roles TEXT NOT NULL,
    created_us BIGINT NOT NULL, updated_us BIGINT NOT NULL);
CREATE INDEX saved_views_of_owner ON saved_views (owner);
CREATE TABLE brands (
    id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, email_from TEXT NOT NULL, sms_sender TEXT NOT NULL, logo TEXT NOT NULL,
    created_us BIGINT NOT NULL, updated_us BIGINT NOT NULL);
CREATE TABLE event_notes (
    event TEXT PRIMARY KEY, description TEXT NOT NULL, owner TEXT NOT NULL, status TEXT NOT NULL, updated_us BIGINT NOT NULL,
    updated_by TEXT NOT NULL);
CREATE TABLE alert_rules (
    id TEXT PRIMARY KEY, rule TEXT NOT NULL, enabled BIGINT NOT NULL, created_us BIGINT NOT NULL, updated_us BIGINT NOT NULL);
CREATE TABLE incidents (
    id TEXT PRIMARY KEY, rule_id TEXT NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL, name TEXT NOT NULL, figures TEXT NOT NULL,
    opened_us BIGINT NOT NULL, updated_us BIGINT NOT NULL, closed_us BIGINT);
CREATE INDEX incidents_by_opened ON incidents (opened_us);
CREATE TABLE notices (
    id TEXT PRIMARY KEY, incident_id TEXT, kind TEXT NOT NULL, way TEXT NOT NULL, target TEXT NOT NULL, subject TEXT NOT NULL,
    body TEXT NOT NULL, state TEXT NOT NULL, attempts BIGINT NOT NULL, next_us BIGINT NOT NULL, created_us BIGINT NOT NULL,
    updated_us BIGINT NOT NULL, told TEXT);
CREATE INDEX notices_by_state ON notices (state, next_us);
