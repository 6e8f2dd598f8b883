-- A batch is one hash tree under one token. Pending: no token, not failed.
CREATE TABLE batch (
    batch_id BYTEA PRIMARY KEY,
    created BIGINT NOT NULL,
    log TEXT NOT NULL,
    tsu TEXT NOT NULL,
    algorithm TEXT NOT NULL,
    secret BYTEA NOT NULL,
    octets BIGINT NOT NULL,
    serial BYTEA,
    gen_time BIGINT,
    token BYTEA,
    failed TEXT
);
CREATE INDEX batch_created ON batch (created);
CREATE INDEX batch_pending ON batch (log, created) WHERE token IS NULL AND failed IS NULL;

-- What one request brought to a batch, and the address of its answer.
CREATE TABLE submission (
    submission_id BYTEA PRIMARY KEY,
    batch_id BYTEA NOT NULL REFERENCES batch (batch_id),
    request_hash BYTEA NOT NULL,
    idempotency_key TEXT,
    digests BYTEA NOT NULL
);
CREATE INDEX submission_batch ON submission (batch_id);
CREATE UNIQUE INDEX submission_idempotency ON submission (idempotency_key) WHERE idempotency_key IS NOT NULL;
