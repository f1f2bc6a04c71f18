CREATE TABLE ad_gates (
    region TEXT NOT NULL, channel TEXT NOT NULL, gate TEXT NOT NULL, updated_us BIGINT NOT NULL, PRIMARY KEY (region, channel));
CREATE TABLE ad_gate_switches (
    id TEXT PRIMARY KEY, region TEXT NOT NULL, channel TEXT NOT NULL, at_us BIGINT NOT NULL, was TEXT, gate TEXT NOT NULL,
    actor TEXT NOT NULL, note TEXT NOT NULL);
CREATE INDEX ad_gate_switches_by_time ON ad_gate_switches (at_us);
