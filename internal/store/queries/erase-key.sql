-- For: Destroys the data key of an erased record.
-- Runs: erasure; restore; finish-restore
-- Sample: 7
DELETE FROM data_key WHERE record = $1
