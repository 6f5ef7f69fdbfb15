-- The tombstones of erased records that had an id, or were a person's.
SELECT id, coalesce(target, id), version, at, reason, by, mac FROM tombstone WHERE id = $1
UNION ALL
SELECT id, target, version, at, reason, by, mac FROM tombstone WHERE target = $2 AND id <> $1
