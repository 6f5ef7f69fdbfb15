-- For: Reads what `list-by-id` does, and the current entries in the directory of the records' people.
-- Runs: list, with people
-- Sample: '80000000-0000-4000-8000-000000000000', 101
SELECT r.number, r.id, r.target, r.version, r.modified, r.sealed, k.wrapped, r.merged,
    coalesce(d.version, 0), coalesce(d.modified, 0), d.sealed, o.wrapped, coalesce(d.merged, 0)
FROM identifier i
JOIN record r ON r.number = i.record AND coalesce(r.id = i.uuid, FALSE)
LEFT JOIN data_key k ON k.record = r.number
LEFT JOIN document d ON d.owner_kind = 2 AND d.owner = r.target AND d.kind = 3 AND d.name = ''
LEFT JOIN owner_key o ON o.kind = 2 AND o.owner = r.target
WHERE i.uuid > $1 AND r.merged = 0 ORDER BY i.uuid LIMIT $2
