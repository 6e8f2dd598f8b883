-- What the commitments to a tenant come from, with the store's secret. Without the row nobody can tell which entries are about it.
CREATE TABLE tenant (
    name TEXT PRIMARY KEY NOT NULL,
    salt BLOB NOT NULL,
    created BIGINT NOT NULL
);
CREATE INDEX seal_created ON seal (created);
