-- The same tables as in SQLite, and the leases: where several machines share a database a lock file keeps nobody out.

CREATE TABLE log (
    log_no BIGINT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    origin TEXT NOT NULL UNIQUE,
    vkey TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'retired')),
    created BIGINT NOT NULL
);

-- Who may write a log, until when by the clock of this database (microseconds since 1970). Every write names epoch and grant.
CREATE TABLE lease (
    log_no BIGINT PRIMARY KEY REFERENCES log (log_no),
    epoch BIGINT NOT NULL,
    "grant" TEXT NOT NULL,
    holder TEXT NOT NULL,
    expires BIGINT NOT NULL
) WITH (fillfactor = 10);

-- key = log_no << 40 | index
CREATE TABLE entry (
    key BIGINT PRIMARY KEY,
    serial BYTEA,
    body BYTEA NOT NULL
);
-- Digests do not compress: nothing is tried.
ALTER TABLE entry ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE UNIQUE INDEX entry_serial ON entry (serial) WHERE serial IS NOT NULL;

-- Full tiles only: 256 hashes.
CREATE TABLE tile (
    log_no BIGINT NOT NULL REFERENCES log (log_no),
    level INTEGER NOT NULL,
    n BIGINT NOT NULL,
    hashes BYTEA NOT NULL,
    PRIMARY KEY (log_no, level, n)
);
ALTER TABLE tile ALTER COLUMN hashes SET STORAGE EXTERNAL;

CREATE TABLE checkpoint (
    log_no BIGINT PRIMARY KEY REFERENCES log (log_no),
    size BIGINT NOT NULL,
    note TEXT NOT NULL,
    frontier BYTEA NOT NULL,
    last_time BIGINT
);

CREATE TABLE seal (
    seal_id BYTEA PRIMARY KEY,
    tenant TEXT NOT NULL,
    created BIGINT NOT NULL,
    format TEXT NOT NULL,
    level TEXT NOT NULL,
    digest BYTEA NOT NULL,
    log_serial BYTEA NOT NULL,
    idempotency_key TEXT,
    request_hash BYTEA NOT NULL
);
CREATE UNIQUE INDEX seal_idempotency ON seal (tenant, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX seal_tenant ON seal (tenant, created);

CREATE TABLE api_token (
    token_id TEXT PRIMARY KEY,
    hash BYTEA NOT NULL UNIQUE,
    tenant TEXT NOT NULL,
    actor TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created BIGINT NOT NULL,
    expires BIGINT,
    revoked BIGINT
);
