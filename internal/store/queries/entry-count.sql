-- For: Counts the entries in the directory, but for those merged into others.
-- Runs: export, of people; start, to index people
SELECT count(*) FROM document WHERE owner_kind = 2 AND kind = 3 AND merged = 0
