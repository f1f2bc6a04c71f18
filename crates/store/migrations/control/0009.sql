CREATE TABLE erasures (
    log_offset KEY64, step TEXT NOT NULL, done BIGINT NOT NULL, total BIGINT NOT NULL, records BIGINT NOT NULL, events BIGINT NOT NULL,
    forgotten_us BIGINT, trouble TEXT, began_us BIGINT NOT NULL, updated_us BIGINT NOT NULL, finished_us BIGINT);
