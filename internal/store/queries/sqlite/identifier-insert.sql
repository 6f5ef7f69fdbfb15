-- Takes an id for a record and its target both, unless it was an erased record's; a unique violation means that it is
-- taken.
INSERT INTO identifier (uuid, record)
SELECT $1, $2 WHERE NOT EXISTS (SELECT 1 FROM tombstone WHERE id = $1)
