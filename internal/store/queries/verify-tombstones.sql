-- The ids of erased records.
SELECT id FROM tombstone
