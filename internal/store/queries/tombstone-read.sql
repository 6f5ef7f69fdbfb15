-- For: Finds the tombstones of erased records that had an id, or belonged to a person.
-- Runs: read, where there is no record; history, where there is no record; create, where something stands in the
--   way; change, where there is no record; erasure, where there is no record; import, for what is there already;
--   publishing to a topic, where there is no record
-- Sample: '80000000-0000-4000-8000-000000000000', '80000000-0000-4000-8000-000000000001'
SELECT id, coalesce(target, id), version, at, reason, by, mac FROM tombstone WHERE id = $1
UNION ALL
SELECT id, target, version, at, reason, by, mac FROM tombstone WHERE target = $2 AND id <> $1
