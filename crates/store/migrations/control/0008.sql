CREATE TABLE duplicates (
    a BIGINT NOT NULL, b BIGINT NOT NULL, weight DOUBLE PRECISION NOT NULL, probability DOUBLE PRECISION NOT NULL, contributions TEXT NOT NULL,
    state TEXT NOT NULL, found_us BIGINT NOT NULL, decided_us BIGINT, decided_by TEXT, PRIMARY KEY (a, b));
CREATE INDEX duplicates_by_state ON duplicates (state, weight);
