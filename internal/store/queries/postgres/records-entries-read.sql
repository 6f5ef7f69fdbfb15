-- For: Reads what `records-read` does, and the current entries in the directory of the records' people.
-- Runs: read, with the person
-- Sample: '{80000000-0000-4000-8000-000000000000,80000000-0000-4000-8000-000000000001}'
SELECT i.uuid, r.number, r.id, r.target, r.version, r.modified, r.sealed, k.wrapped,
    coalesce(r.merged, CASE i.record WHEN 0 THEN 1 ELSE 0 END),
    coalesce(d.version, 0), coalesce(d.modified, 0), d.sealed, o.wrapped, coalesce(d.merged, 0)
FROM unnest((SELECT $1::uuid[])) AS asked (uuid)
JOIN identifier i ON i.uuid = asked.uuid
LEFT JOIN record r ON r.number = i.record
LEFT JOIN data_key k ON k.record = r.number
LEFT JOIN document d ON d.owner_kind = 2 AND d.owner = r.target AND d.kind = 3 AND d.name = ''
LEFT JOIN owner_key o ON o.kind = 2 AND o.owner = r.target
