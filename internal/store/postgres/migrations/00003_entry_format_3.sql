-- +goose Up

-- The third format of an entry. 0 is that of an entry of the first or second, as earlier programs write it: the other
-- columns were not recorded then. `object` is the kind of what `record`, `version`, `document` and `touched` name,
-- `object_name` the area of an extended document; `previous` the hash of the document that `document` took the place of;
-- `touched` what an entry about many touched, packed. New entries have no rows in audit_target.
ALTER TABLE audit ADD COLUMN format SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE audit ADD COLUMN object TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN object_name TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN roles TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN previous BYTEA NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN touched BYTEA NOT NULL DEFAULT '';
ALTER TABLE audit ALTER COLUMN touched SET STORAGE EXTERNAL; -- ids and hashes do not compress

-- Whom an erased record was about, and the MAC of its tombstone: NULL and empty where they were not recorded.
ALTER TABLE tombstone ADD COLUMN target UUID;
ALTER TABLE tombstone ADD COLUMN mac BYTEA NOT NULL DEFAULT '';
CREATE INDEX tombstone_target ON tombstone (target) WHERE target IS NOT NULL;
