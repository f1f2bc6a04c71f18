ALTER TABLE jobs ADD COLUMN wanted TEXT NOT NULL DEFAULT 'run';
ALTER TABLE jobs ADD COLUMN lease_until_us BIGINT;
CREATE TABLE imports (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, bytes BIGINT NOT NULL, file TEXT NOT NULL, kind TEXT NOT NULL, mapping TEXT NOT NULL,
    source TEXT NOT NULL, live BIGINT NOT NULL, created_by TEXT NOT NULL, created_us BIGINT NOT NULL, job_id TEXT, is_check BIGINT NOT NULL,
    started_us BIGINT, ended_us BIGINT, rows_read BIGINT NOT NULL, accepted BIGINT NOT NULL, refused BIGINT NOT NULL,
    checked TEXT, summary TEXT);
CREATE INDEX imports_by_created ON imports (created_us);
CREATE INDEX imports_by_job ON imports (job_id);
CREATE TABLE import_mappings (
    name TEXT PRIMARY KEY, kind TEXT NOT NULL, mapping TEXT NOT NULL, updated_by TEXT NOT NULL, updated_us BIGINT NOT NULL);
