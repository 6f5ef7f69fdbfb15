-- For: Counts the notes about records.
-- Runs: start
SELECT count(*) FROM document WHERE owner_kind = 1 AND kind = 4
