-- A batch is one hash tree under one token. Pending: no token, not failed.
CREATE TABLE batch (
    batch_id BLOB PRIMARY KEY NOT NULL,
    created BIGINT NOT NULL,
    log TEXT NOT NULL,
    tsu TEXT NOT NULL,
    algorithm TEXT NOT NULL,
    secret BLOB NOT NULL,
    octets BIGINT NOT NULL,
    serial BLOB,
    gen_time BIGINT,
    token BLOB,
    failed TEXT
);
CREATE INDEX batch_created ON batch (created);
CREATE INDEX batch_pending ON batch (log, created) WHERE token IS NULL AND failed IS NULL;

-- What one request brought to a batch, and the address of its answer.
CREATE TABLE submission (
    submission_id BLOB PRIMARY KEY NOT NULL,
    batch_id BLOB NOT NULL REFERENCES batch (batch_id),
    request_hash BLOB NOT NULL,
    idempotency_key TEXT,
    digests BLOB NOT NULL
);
CREATE INDEX submission_batch ON submission (batch_id);
CREATE UNIQUE INDEX submission_idempotency ON submission (idempotency_key) WHERE idempotency_key IS NOT NULL;
