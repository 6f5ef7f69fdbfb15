-- For: Reads all values that belong to the whole database.
-- Runs: audit verify, with --records
SELECT name, value FROM meta
