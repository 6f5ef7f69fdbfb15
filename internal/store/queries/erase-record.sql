-- For: Removes the current version of an erased record.
-- Runs: erasure
-- Sample: 7
DELETE FROM record WHERE number = $1
