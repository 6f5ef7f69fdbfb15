-- +goose Up

-- What was erased is a record, or a person's entry in the directory: the kinds are those of owners in internal/sealing. The
-- id of an erased record is never used again. A person may have an entry again, which begins with the next version and may
-- be erased too.
ALTER TABLE tombstone ADD COLUMN kind INTEGER NOT NULL DEFAULT 1;
ALTER TABLE tombstone DROP CONSTRAINT tombstone_pkey;
ALTER TABLE tombstone ADD PRIMARY KEY (kind, id, version);

-- 1 if the record's person has been merged into another, whose record then stands for both.
ALTER TABLE record ADD COLUMN merged INTEGER NOT NULL DEFAULT 0 CHECK (merged IN (0, 1));

-- Whom an event says its person was merged into; zero in all other events.
ALTER TABLE outbox ADD COLUMN merged_into UUID NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000';

-- 1 if the entry's person has been merged into another, and for the link that says so.
ALTER TABLE document ADD COLUMN merged INTEGER NOT NULL DEFAULT 0 CHECK (merged IN (0, 1));
