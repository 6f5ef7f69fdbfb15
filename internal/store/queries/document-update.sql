-- For: Writes the next version of a document that is not a record.
-- Runs: change, of a document that is not a record
-- Sample: 1, '80000000-0000-4000-8000-000000000000', 2, 'tenancy', 4, '\x0102', 1790000000000000
UPDATE document SET version = $5, sealed = $6, modified = $7
WHERE owner_kind = $1 AND owner = $2 AND kind = $3 AND name = $4
