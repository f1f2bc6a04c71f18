
CREATE TABLE lead_scores (
    version BIGINT PRIMARY KEY, made_us BIGINT NOT NULL, made_by TEXT NOT NULL, made_from BIGINT, score TEXT NOT NULL,
    report TEXT NOT NULL, watch TEXT NOT NULL);
