-- For: Drops the list of records to remove.
-- Runs: restore
DROP TABLE gone
