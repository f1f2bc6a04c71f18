CREATE TABLE attempts (
    message_id TEXT_C NOT NULL, round BIGINT NOT NULL, number BIGINT NOT NULL, message_channel TEXT NOT NULL, started_us BIGINT NOT NULL,
    ended_us BIGINT, result TEXT, status BIGINT, detail TEXT, request TEXT NOT NULL, answer TEXT, provider_id TEXT, retry_us BIGINT,
    PRIMARY KEY (message_id, round, number)) BY_KEY;
CREATE INDEX attempts_begun ON attempts (started_us) WHERE ended_us IS NULL;
CREATE INDEX attempts_by_provider ON attempts (provider_id) WHERE provider_id IS NOT NULL;
CREATE TABLE settled (
    message_id TEXT_C NOT NULL, round BIGINT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL, at_us BIGINT NOT NULL, told BIGINT NOT NULL,
    PRIMARY KEY (message_id, round)) BY_KEY;
CREATE INDEX settled_untold ON settled (at_us) WHERE told = 0;
