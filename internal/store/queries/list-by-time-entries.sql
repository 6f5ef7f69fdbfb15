-- For: Reads what `list-by-time` does, and the current entries in the directory of the records' people.
-- Runs: list, with people and a time
-- Sample: 50000, '80000000-0000-4000-8000-000000000000', 9223372036854775807, 101
SELECT r.number, r.id, r.target, r.version, r.modified, r.sealed, k.wrapped, r.merged,
    coalesce(d.version, 0), coalesce(d.modified, 0), d.sealed, o.wrapped, coalesce(d.merged, 0)
FROM record r
LEFT JOIN data_key k ON k.record = r.number
LEFT JOIN document d ON d.owner_kind = 2 AND d.owner = r.target AND d.kind = 3 AND d.name = ''
LEFT JOIN owner_key o ON o.kind = 2 AND o.owner = r.target
WHERE (r.modified, r.id) > ($1, $2) AND r.modified < $3 AND r.merged = 0 ORDER BY r.modified, r.id LIMIT $4
