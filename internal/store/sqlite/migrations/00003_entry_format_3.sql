-- +goose Up

-- The third format of an entry. 0 is that of an entry of the first or second, as earlier programs write it: the other
-- columns were not recorded then. `object` is the kind of what `record`, `version`, `document` and `touched` name,
-- `object_name` the area of an extended document; `previous` the hash of the document that `document` took the place of;
-- `touched` what an entry about many touched, packed. New entries have no rows in audit_target.
ALTER TABLE audit ADD COLUMN format INTEGER NOT NULL DEFAULT 0;
ALTER TABLE audit ADD COLUMN object TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN object_name TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN roles TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN previous BLOB NOT NULL DEFAULT x'';
ALTER TABLE audit ADD COLUMN touched BLOB NOT NULL DEFAULT x'';

-- Whom an erased record was about, and the MAC of its tombstone: NULL and empty where they were not recorded.
ALTER TABLE tombstone ADD COLUMN target BLOB CHECK (length(target) = 16);
ALTER TABLE tombstone ADD COLUMN mac BLOB NOT NULL DEFAULT x'';
CREATE INDEX tombstone_target ON tombstone (target) WHERE target IS NOT NULL;
