-- For: Finds which of many ids lead to a record, or to the tombstone of an erased one.
-- Runs: import
-- Sample: '{80000000-0000-4000-8000-000000000000,80000000-0000-4000-8000-000000000001}'
-- Note: Looking for thousands of ids takes milliseconds even in an empty table: the query first asks whether there is
--   any tombstone.
SELECT uuid FROM identifier WHERE uuid = ANY ($1)
UNION ALL SELECT id FROM (
    SELECT id FROM tombstone WHERE kind = 1 AND id = ANY ($1) UNION ALL SELECT target FROM tombstone WHERE kind = 1 AND target = ANY ($1)
) AS erased WHERE EXISTS (SELECT 1 FROM tombstone AS first)
