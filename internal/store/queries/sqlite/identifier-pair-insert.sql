-- For: Reserves the ids of a record and its target, unless the record's belonged to an erased one.
-- Runs: create
-- Sample: '80000000-0000-4000-8000-000000000000', '80000000-0000-4000-8000-000000000001', 7, 0
-- Note: A unique violation means that one of the ids is taken.
INSERT INTO identifier (uuid, record)
SELECT $1, $3 WHERE NOT EXISTS (SELECT 1 FROM tombstone WHERE kind = 1 AND id = $1)
    AND NOT EXISTS (SELECT 1 FROM tombstone WHERE kind = 1 AND target = $2 AND version >= $4)
UNION ALL
SELECT $2, $3 WHERE NOT EXISTS (SELECT 1 FROM tombstone WHERE kind = 1 AND id = $1)
    AND NOT EXISTS (SELECT 1 FROM tombstone WHERE kind = 1 AND target = $2 AND version >= $4)
