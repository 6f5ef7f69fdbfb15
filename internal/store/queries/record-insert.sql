-- A new record, unless its id belonged to an erased one.
INSERT INTO record (id, target, version, modified, sealed)
SELECT $1, $2, $3, $4, $5
WHERE NOT EXISTS (SELECT 1 FROM tombstone WHERE id = $1)
