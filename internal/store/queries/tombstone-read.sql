-- For: Finds out whether an id belonged to an erased record, and its last version.
-- Runs: read, where there is no record; history, where there is no record; create, where something stands in the
--   way; change, where there is no record; import, for what is there already; publishing to a topic, where there
--   is no record
-- Sample: '80000000-0000-4000-8000-000000000000'
SELECT version FROM tombstone WHERE id = $1
