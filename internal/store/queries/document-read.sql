-- For: Reads the current version of a document that is not a record, with the key of its owner unless that is a record.
-- Runs: read, of a document that is not a record; change, of a document that is not a record
-- Sample: 1, '80000000-0000-4000-8000-000000000000', 2, 'tenancy'
SELECT d.version, d.modified, d.sealed, k.wrapped
FROM document d LEFT JOIN owner_key k ON k.kind = d.owner_kind AND k.owner = d.owner
WHERE d.owner_kind = $1 AND d.owner = $2 AND d.kind = $3 AND d.name = $4
