-- INTEGER PRIMARY KEY is the table's own key in SQLite, so that an entry costs one tree and not two; PostgreSQL has BIGINT (../../postgres).
-- A migration is made twice, under one name, here and there: the repositories are the same.

CREATE TABLE log (
    log_no INTEGER PRIMARY KEY NOT NULL,
    name TEXT NOT NULL UNIQUE,
    origin TEXT NOT NULL UNIQUE,
    vkey TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'retired')),
    created BIGINT NOT NULL
);

-- key = log_no << 40 | index
CREATE TABLE entry (
    key INTEGER PRIMARY KEY NOT NULL,
    serial BLOB,
    body BLOB NOT NULL
);
CREATE UNIQUE INDEX entry_serial ON entry (serial) WHERE serial IS NOT NULL;

-- Full tiles only: 256 hashes.
CREATE TABLE tile (
    log_no BIGINT NOT NULL REFERENCES log (log_no),
    level INTEGER NOT NULL,
    n BIGINT NOT NULL,
    hashes BLOB NOT NULL,
    PRIMARY KEY (log_no, level, n)
);

CREATE TABLE checkpoint (
    log_no INTEGER PRIMARY KEY NOT NULL REFERENCES log (log_no),
    size BIGINT NOT NULL,
    note TEXT NOT NULL,
    frontier BLOB NOT NULL,
    last_time BIGINT
);

CREATE TABLE seal (
    seal_id BLOB PRIMARY KEY NOT NULL,
    tenant TEXT NOT NULL,
    created BIGINT NOT NULL,
    format TEXT NOT NULL,
    level TEXT NOT NULL,
    digest BLOB NOT NULL,
    log_serial BLOB NOT NULL,
    idempotency_key TEXT,
    request_hash BLOB NOT NULL
);
CREATE UNIQUE INDEX seal_idempotency ON seal (tenant, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX seal_tenant ON seal (tenant, created);

CREATE TABLE api_token (
    token_id TEXT PRIMARY KEY NOT NULL,
    hash BLOB NOT NULL UNIQUE,
    tenant TEXT NOT NULL,
    actor TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created BIGINT NOT NULL,
    expires BIGINT,
    revoked BIGINT
);
