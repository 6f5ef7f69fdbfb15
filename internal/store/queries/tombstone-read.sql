-- For: Finds the tombstones of erased records that had an id, or belonged to a person.
-- Runs: read, if there is no record; history, if there is no record; create, if it conflicts; change, if there is no
--   record; erasure, if there is no record; import, for existing records; publishing to a topic, if there is no
--   record
-- Sample: '80000000-0000-4000-8000-000000000000', '80000000-0000-4000-8000-000000000001'
SELECT id, coalesce(target, id), version, at, reason, by, mac FROM tombstone WHERE id = $1
UNION ALL
SELECT id, target, version, at, reason, by, mac FROM tombstone WHERE target = $2 AND id <> $1
