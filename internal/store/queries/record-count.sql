-- For: Counts the records.
-- Runs: export; finish-restore
SELECT count(*) FROM record
