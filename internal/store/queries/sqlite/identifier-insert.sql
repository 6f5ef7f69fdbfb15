-- Takes an id for a record and its target both, unless it was an erased record's, or the person had a version as late as
-- this one; a unique violation means that it is taken.
INSERT INTO identifier (uuid, record)
SELECT $1, $3 WHERE NOT EXISTS (SELECT 1 FROM tombstone WHERE id = $1)
    AND NOT EXISTS (SELECT 1 FROM tombstone WHERE target = $2 AND version >= $4)
