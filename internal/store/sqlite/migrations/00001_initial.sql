-- Identifiers are BLOBs of 16 bytes, times integer microseconds since 1970, UTC.
-- Nothing special-category and no resident's name stands here in clear: `sealed`
-- and `wrapped` are AES-256-GCM blobs, `keyed_hash`, `key` and `body` are HMACs.

-- +goose Up

-- What belongs to the database as a whole: the keyset's check value, the feed's epoch and floor.
CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- The current version of each record. Tables refer to a record by its number and not by its id, which is random:
-- rows that are written together then lie together, and a commit has few pages to write.
CREATE TABLE record (
    number   INTEGER PRIMARY KEY,
    id       BLOB NOT NULL CHECK (length(id) = 16),
    target   BLOB NOT NULL CHECK (length(target) = 16),
    version  INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    sealed   BLOB NOT NULL
) STRICT;
CREATE INDEX record_modified ON record (modified, id);

-- One id space: a row for a record's id and one for its target where that differs. Its rows come before the record's,
-- since their unique violation tells that an id is taken; so there is no foreign key.
CREATE TABLE identifier (
    uuid   BLOB PRIMARY KEY CHECK (length(uuid) = 16),
    record INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Past versions only: version n moves here when n + 1 is written.
CREATE TABLE history (
    record   INTEGER NOT NULL REFERENCES record (number),
    version  INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    sealed   BLOB NOT NULL,
    PRIMARY KEY (record, version)
) STRICT;

-- One wrapped data key a record; destroying it destroys the record, in copies too.
CREATE TABLE data_key (
    record  INTEGER PRIMARY KEY REFERENCES record (number),
    wrapped BLOB NOT NULL
) STRICT;

-- Finds records by National Insurance number. Not unique: two people may have
-- been given the same number by mistake, and that is for support to find.
CREATE TABLE nino_index (
    keyed_hash BLOB NOT NULL,
    record     INTEGER NOT NULL,
    PRIMARY KEY (keyed_hash, record)
) STRICT, WITHOUT ROWID;

-- The access log: chained entries. Those of one entry about several records are in audit_target.
CREATE TABLE audit (
    lane        INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    id          BLOB NOT NULL,
    at          INTEGER NOT NULL,
    subject     TEXT NOT NULL,
    name        TEXT NOT NULL,
    kind        TEXT NOT NULL,
    permission  TEXT NOT NULL,
    purpose     TEXT NOT NULL,
    action      TEXT NOT NULL,
    target      BLOB NOT NULL,
    record      BLOB NOT NULL,
    version     INTEGER NOT NULL,
    members     TEXT NOT NULL,
    outcome     TEXT NOT NULL,
    status      INTEGER NOT NULL,
    correlation BLOB NOT NULL,
    address     BLOB NOT NULL,
    document    BLOB NOT NULL,
    hash        BLOB NOT NULL,
    PRIMARY KEY (lane, seq)
) STRICT, WITHOUT ROWID;

-- The records an entry about several of them touched, in their order.
CREATE TABLE audit_target (
    lane   INTEGER NOT NULL,
    seq    INTEGER NOT NULL,
    place  INTEGER NOT NULL,
    record BLOB NOT NULL,
    PRIMARY KEY (lane, seq, place),
    FOREIGN KEY (lane, seq) REFERENCES audit (lane, seq)
) STRICT, WITHOUT ROWID;

-- The feed. The single writer numbers an event as it inserts it.
CREATE TABLE outbox (
    position    INTEGER PRIMARY KEY AUTOINCREMENT,
    id          BLOB NOT NULL UNIQUE,
    at          INTEGER NOT NULL,
    type        TEXT NOT NULL,
    record      BLOB NOT NULL,
    target      BLOB NOT NULL,
    version     INTEGER NOT NULL,
    members     TEXT NOT NULL,
    correlation BLOB NOT NULL
) STRICT;

-- The outcome of a write under its Idempotency-Key; never a body.
CREATE TABLE idempotency (
    key     BLOB PRIMARY KEY,
    body    BLOB NOT NULL,
    at      INTEGER NOT NULL,
    status  INTEGER NOT NULL,
    problem TEXT NOT NULL,
    record  BLOB NOT NULL,
    version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_at ON idempotency (at);

-- Ids of erased records, so that none is given to a record again.
CREATE TABLE tombstone (
    id      BLOB PRIMARY KEY CHECK (length(id) = 16),
    version INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    reason  TEXT NOT NULL,
    by      TEXT NOT NULL
) STRICT, WITHOUT ROWID;
