-- For: Counts the versions that are stored, current and past.
-- Runs: audit verify, with --records
SELECT (SELECT count(*) FROM record) + (SELECT count(*) FROM history)
