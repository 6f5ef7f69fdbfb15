-- For: Refuses, unless a document that is not a record is at a version, -1 for none.
-- Runs: merge; erasure
-- Sample: 2, '80000000-0000-4000-8000-000000000001', 4, '', -1
-- Note: It never adds a row: there is no value.
INSERT INTO meta (name, value)
SELECT 'expected', (SELECT value FROM meta WHERE name = '')
WHERE coalesce((SELECT version FROM document WHERE owner_kind = $1 AND owner = $2 AND kind = $3 AND name = $4), -1) <> $5
