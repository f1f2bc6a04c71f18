ALTER TABLE users ADD COLUMN second_factor_us BIGINT;
ALTER TABLE users ADD COLUMN second_factor_step BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN id TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN means TEXT NOT NULL DEFAULT 'password';
ALTER TABLE sessions ADD COLUMN agent TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN must_enrol BIGINT NOT NULL DEFAULT 0;
UPDATE sessions SET id = 'ses_' || substr(token_hash, 1, 16);
CREATE UNIQUE INDEX sessions_id ON sessions (id);
CREATE TABLE reset_links (
    token_hash TEXT PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE, expires_us BIGINT NOT NULL);
CREATE INDEX reset_links_user ON reset_links (user_id);
CREATE TABLE recovery_codes (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE, code_hash TEXT NOT NULL, PRIMARY KEY (user_id, code_hash));
CREATE TABLE sso_links (
    issuer TEXT NOT NULL, subject TEXT NOT NULL, user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    linked_us BIGINT NOT NULL, PRIMARY KEY (issuer, subject));
CREATE INDEX sso_links_user ON sso_links (user_id);
CREATE TABLE sso_attempts (
    state_hash TEXT PRIMARY KEY, browser_hash TEXT NOT NULL, nonce TEXT NOT NULL, verifier TEXT NOT NULL, return_to TEXT NOT NULL,
    expires_us BIGINT NOT NULL);
