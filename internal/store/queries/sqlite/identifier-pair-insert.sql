-- Takes a record's id and its target's for it, unless the record's was an erased one's, or the person had a version as late
-- as this one; a unique violation means that one is taken.
INSERT INTO identifier (uuid, record)
SELECT $1, $3 WHERE NOT EXISTS (SELECT 1 FROM tombstone WHERE id = $1)
    AND NOT EXISTS (SELECT 1 FROM tombstone WHERE target = $2 AND version >= $4)
UNION ALL
SELECT $2, $3 WHERE NOT EXISTS (SELECT 1 FROM tombstone WHERE id = $1)
    AND NOT EXISTS (SELECT 1 FROM tombstone WHERE target = $2 AND version >= $4)
