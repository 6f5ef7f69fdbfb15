-- For: Reads the current version of a document that is not a record, with the key of its owner unless that is a record.
-- Runs: read, of a document that is not a record; change, of a document that is not a record
-- Sample: 1, '80000000-0000-4000-8000-000000000000', 2, 'tenancy'
-- Note: It gives one row. An owner can have a key and not this document, or neither.
SELECT coalesce(d.version, 0), coalesce(d.modified, 0), d.sealed, k.wrapped, coalesce(d.merged, 0)
FROM (SELECT 1 AS one) AS one
LEFT JOIN owner_key k ON k.kind = $1 AND k.owner = $2
LEFT JOIN document d ON d.owner_kind = $1 AND d.owner = $2 AND d.kind = $3 AND d.name = $4
