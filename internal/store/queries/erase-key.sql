-- For: Destroys the data key of an erased record.
-- Runs: erasure
-- Sample: 7
DELETE FROM data_key WHERE record = $1
