-- For: Removes the past versions of an erased record.
-- Runs: erasure; restore; finish-restore
-- Sample: 7
DELETE FROM history WHERE record = $1
