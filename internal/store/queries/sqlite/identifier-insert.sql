-- For: Reserves one id for a record and its target, unless it belonged to an erased record.
-- Runs: create, if the id is also the target's
-- Sample: '80000000-0000-4000-8000-000000000000', '80000000-0000-4000-8000-000000000000', 7, 0
-- Note: A unique violation means that the id is taken. Nothing is reserved if an erased record of the person already
--   had the version.
INSERT INTO identifier (uuid, record)
SELECT $1, $3 WHERE NOT EXISTS (SELECT 1 FROM tombstone WHERE kind = 1 AND id = $1)
    AND NOT EXISTS (SELECT 1 FROM tombstone WHERE kind = 1 AND target = $2 AND version >= $4)
