-- For: Removes the current version of an erased record.
-- Runs: erasure; restore; finish-restore
-- Sample: 7
DELETE FROM record WHERE number = $1
