-- For: Counts the records, but for those merged into others.
-- Runs: export; finish-restore
SELECT count(*) FROM record WHERE merged = 0
