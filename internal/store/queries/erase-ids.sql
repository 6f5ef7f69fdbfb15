-- For: Frees the ids of an erased record.
-- Runs: erasure; restore; finish-restore
-- Sample: '80000000-0000-4000-8000-000000000000', '80000000-0000-4000-8000-000000000001', 7
DELETE FROM identifier WHERE uuid IN ($1, $2) AND record = $3
