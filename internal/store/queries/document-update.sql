-- For: Writes the next version of a document that is not a record.
-- Runs: change, of a document that is not a record
-- Sample: 1, '80000000-0000-4000-8000-000000000000', 2, 'tenancy', 4, '\x0102', 0, 0, 1790000000000000
-- Note: The version refuses the NULL if its person has been merged into another since, or has not.
UPDATE document SET version = CASE WHEN merged = $7 THEN CAST($5 AS BIGINT) END, sealed = $6, merged = $8, modified = $9
WHERE owner_kind = $1 AND owner = $2 AND kind = $3 AND name = $4
