CREATE TABLE sources (
    id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, write_key TEXT NOT NULL UNIQUE,
    enabled BIGINT NOT NULL, created_us BIGINT NOT NULL);
CREATE TABLE users (
    id TEXT PRIMARY KEY, email TEXT NOT NULL UNIQUE, name TEXT NOT NULL, role TEXT NOT NULL, dealer TEXT,
    password_hash TEXT NOT NULL, created_us BIGINT NOT NULL, last_seen_us BIGINT);
CREATE TABLE sessions (
    token_hash TEXT PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE, csrf TEXT NOT NULL,
    created_us BIGINT NOT NULL, last_us BIGINT NOT NULL, expires_us BIGINT NOT NULL);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE TABLE tokens (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, dealer TEXT, token_hash TEXT NOT NULL UNIQUE,
    prefix TEXT NOT NULL, created_us BIGINT NOT NULL, last_used_us BIGINT);
CREATE TABLE setup_links (token_hash TEXT PRIMARY KEY, expires_us BIGINT NOT NULL);
CREATE TABLE login_attempts (
    subject TEXT PRIMARY KEY, failures BIGINT NOT NULL, last_us BIGINT NOT NULL, until_us BIGINT NOT NULL);
CREATE TABLE jobs (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, title TEXT NOT NULL, state TEXT NOT NULL, done BIGINT NOT NULL,
    total BIGINT NOT NULL, unit TEXT NOT NULL, started_us BIGINT NOT NULL, updated_us BIGINT NOT NULL, message TEXT);
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
