CREATE TABLE conversions (
    id TEXT_C PRIMARY KEY, name TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, event TEXT NOT NULL, condition_sql TEXT,
    value DOUBLE PRECISION, created_us BIGINT NOT NULL, updated_us BIGINT NOT NULL);
CREATE TABLE currency_rates (
    base TEXT NOT NULL, currency TEXT NOT NULL, day BIGINT NOT NULL, rate DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (base, currency, day)) BY_KEY;
