-- For: Takes a record's id and its target's for it, unless the record's was an erased one's.
-- Runs: create
-- Sample: '80000000-0000-4000-8000-000000000000', '80000000-0000-4000-8000-000000000001', 7
-- Note: A unique violation means that one of the ids is taken.
INSERT INTO identifier (uuid, record)
SELECT $1, $3 WHERE NOT EXISTS (SELECT 1 FROM tombstone WHERE id = $1)
UNION ALL
SELECT $2, $3 WHERE NOT EXISTS (SELECT 1 FROM tombstone WHERE id = $1)
