-- +goose Up

-- What was erased is a record, or a person's entry in the directory: the kinds are those of owners in internal/sealing. The
-- id of an erased record is never used again. A person may have an entry again, which begins with the next version and may
-- be erased too.
CREATE TABLE tombstone_of_kinds (
    kind    INTEGER NOT NULL DEFAULT 1,
    id      BLOB NOT NULL CHECK (length(id) = 16),
    target  BLOB CHECK (length(target) = 16),
    version INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    reason  TEXT NOT NULL,
    by      TEXT NOT NULL,
    mac     BLOB NOT NULL DEFAULT x'',
    PRIMARY KEY (kind, id, version)
) STRICT, WITHOUT ROWID;
INSERT INTO tombstone_of_kinds (id, target, version, at, reason, by, mac) SELECT id, target, version, at, reason, by, mac FROM tombstone;
DROP TABLE tombstone;
ALTER TABLE tombstone_of_kinds RENAME TO tombstone;
CREATE INDEX tombstone_target ON tombstone (target) WHERE target IS NOT NULL;

-- 1 if the record's person has been merged into another, whose record then stands for both.
ALTER TABLE record ADD COLUMN merged INTEGER NOT NULL DEFAULT 0 CHECK (merged IN (0, 1));

-- Whom an event says its person was merged into; zero in all other events.
ALTER TABLE outbox ADD COLUMN merged_into BLOB NOT NULL DEFAULT x'00000000000000000000000000000000' CHECK (length(merged_into) = 16);

-- 1 if the entry's person has been merged into another, and for the link that says so.
ALTER TABLE document ADD COLUMN merged INTEGER NOT NULL DEFAULT 0 CHECK (merged IN (0, 1));
