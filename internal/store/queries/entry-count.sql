-- For: Counts the entries in the directory.
-- Runs: export, of people; start, to index people
SELECT count(*) FROM document WHERE owner_kind = 2 AND kind = 3
