-- For: Finds the tombstones of erased records that had an id, or belonged to a person; or those of a person's entries.
-- Runs: read, if there is no record, or no document of a person; history, if there is no record; create, if it conflicts; change, if there is no
--   record; erasure, if there is no record; import, for existing records, and of people who were erased; publishing to a topic, if there is no
--   record
-- Sample: '80000000-0000-4000-8000-000000000000', '80000000-0000-4000-8000-000000000001', 1
SELECT kind, id, coalesce(target, id), version, at, reason, by, mac FROM tombstone WHERE kind = $3 AND id = $1
UNION ALL
SELECT kind, id, target, version, at, reason, by, mac FROM tombstone WHERE kind = $3 AND target = $2 AND id <> $1
