CREATE TABLE audit (
    number BIGINT PRIMARY KEY, at_us BIGINT NOT NULL, actor_kind TEXT NOT NULL, actor_id TEXT NOT NULL, actor TEXT NOT NULL,
    address TEXT NOT NULL, action TEXT NOT NULL, object TEXT NOT NULL, outcome TEXT NOT NULL, details TEXT NOT NULL,
    hash TEXT NOT NULL);
CREATE INDEX audit_by_time ON audit (at_us);
CREATE TABLE audit_head (name TEXT PRIMARY KEY, number BIGINT NOT NULL, hash TEXT NOT NULL);
INSERT INTO audit_head (name, number, hash) VALUES ('head', 0, '');
