-- For: Adds the first version of a document that is not a record.
-- Runs: create, of a document that is not a record
-- Sample: 1, '80000000-0000-4000-8000-000000000000', 2, 'tenancy', 0, '\x0102', 0, 1790000000000000
-- Note: A record that owns it must still be there, and an erased owner of another kind must not have had the version:
--   otherwise there is no owner, which the table refuses.
INSERT INTO document (owner_kind, owner, kind, name, version, sealed, merged, modified)
VALUES ($1, CASE WHEN $1 = 1 AND EXISTS (SELECT 1 FROM identifier WHERE uuid = $2)
        OR $1 <> 1 AND NOT EXISTS (SELECT 1 FROM tombstone WHERE kind = $1 AND id = $2 AND version >= $5) THEN $2 END, $3, $4, $5, $6, $7, $8)
