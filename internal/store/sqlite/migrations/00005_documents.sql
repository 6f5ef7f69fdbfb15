-- +goose Up

-- Sealed documents that are not records: current versions, and past ones. The kinds, and whose key seals each, are those of
-- internal/sealing. The owner is a record's id, or a person's.
CREATE TABLE document (
    owner_kind INTEGER NOT NULL,
    owner      BLOB NOT NULL CHECK (length(owner) = 16),
    kind       INTEGER NOT NULL,
    name       TEXT NOT NULL,
    version    INTEGER NOT NULL,
    modified   INTEGER NOT NULL,
    sealed     BLOB NOT NULL,
    PRIMARY KEY (owner_kind, owner, kind, name)
) STRICT;
CREATE TABLE document_history (
    owner_kind INTEGER NOT NULL,
    owner      BLOB NOT NULL CHECK (length(owner) = 16),
    kind       INTEGER NOT NULL,
    name       TEXT NOT NULL,
    version    INTEGER NOT NULL,
    modified   INTEGER NOT NULL,
    sealed     BLOB NOT NULL,
    PRIMARY KEY (owner_kind, owner, kind, name, version)
) STRICT;

-- The wrapped data keys of owners that are not records. Destroying one destroys the owner's documents, in copies too.
CREATE TABLE owner_key (
    kind    INTEGER NOT NULL,
    owner   BLOB NOT NULL CHECK (length(owner) = 16),
    wrapped BLOB NOT NULL,
    PRIMARY KEY (kind, owner)
) STRICT, WITHOUT ROWID;
