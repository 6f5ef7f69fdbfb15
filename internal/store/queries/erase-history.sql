-- For: Removes the past versions of an erased record.
-- Runs: erasure
-- Sample: 7
DELETE FROM history WHERE record = $1
