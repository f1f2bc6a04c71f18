CREATE TABLE vault (
    place TEXT PRIMARY KEY, sealed BLOB NOT NULL, updated_us BIGINT NOT NULL);
CREATE TABLE vault_keys (key_id TEXT PRIMARY KEY, noted_us BIGINT NOT NULL);
