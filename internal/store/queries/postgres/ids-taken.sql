-- For: Finds which of many ids lead to a record, or to the tombstone of an erased one.
-- Runs: import
-- Sample: '{80000000-0000-4000-8000-000000000000,80000000-0000-4000-8000-000000000001}'
SELECT uuid FROM identifier WHERE uuid = ANY ($1)
UNION ALL SELECT id FROM tombstone WHERE id = ANY ($1)
UNION ALL SELECT target FROM tombstone WHERE target = ANY ($1)
