-- For: Reserves one id for a record and its target, unless it belonged to an erased record.
-- Runs: create, where the id is the target's
-- Sample: '80000000-0000-4000-8000-000000000000', '80000000-0000-4000-8000-000000000000', 7, 0
-- Note: A unique violation means that the id is taken. Nothing is reserved for a version that an erased record of the
--   person had already.
INSERT INTO identifier (uuid, record)
SELECT $1, $3 WHERE NOT EXISTS (SELECT 1 FROM tombstone WHERE id = $1)
    AND NOT EXISTS (SELECT 1 FROM tombstone WHERE target = $2 AND version >= $4)
