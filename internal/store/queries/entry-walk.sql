-- For: Reads every entry in the directory, but for those merged into others, by its person's id, with its key.
-- Runs: export, of people; start, to index people
SELECT d.owner, d.version, d.modified, d.sealed, k.wrapped, FALSE, d.merged, FALSE
FROM document d LEFT JOIN owner_key k ON k.kind = d.owner_kind AND k.owner = d.owner
WHERE d.owner_kind = 2 AND d.kind = 3 AND d.merged = 0 ORDER BY d.owner
