-- +goose Up

-- Sealed documents that are not records: current versions, and past ones. The kinds, and whose key seals each, are those of
-- internal/sealing. The owner is a record's id, or a person's.
CREATE TABLE document (
    owner_kind INTEGER NOT NULL,
    owner      UUID NOT NULL,
    kind       INTEGER NOT NULL,
    name       TEXT COLLATE "C" NOT NULL,
    version    BIGINT NOT NULL,
    modified   BIGINT NOT NULL,
    sealed     BYTEA NOT NULL,
    PRIMARY KEY (owner_kind, owner, kind, name)
);
ALTER TABLE document ALTER COLUMN sealed SET STORAGE EXTERNAL; -- what is encrypted does not compress
CREATE TABLE document_history (
    owner_kind INTEGER NOT NULL,
    owner      UUID NOT NULL,
    kind       INTEGER NOT NULL,
    name       TEXT COLLATE "C" NOT NULL,
    version    BIGINT NOT NULL,
    modified   BIGINT NOT NULL,
    sealed     BYTEA NOT NULL,
    PRIMARY KEY (owner_kind, owner, kind, name, version)
);
ALTER TABLE document_history ALTER COLUMN sealed SET STORAGE EXTERNAL;

-- The wrapped data keys of owners that are not records. Destroying one destroys the owner's documents, in copies too.
CREATE TABLE owner_key (
    kind    INTEGER NOT NULL,
    owner   UUID NOT NULL,
    wrapped BYTEA NOT NULL,
    PRIMARY KEY (kind, owner)
);
