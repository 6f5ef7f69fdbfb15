-- For: Reads what `record-read` does, and the current entry in the directory of the record's person.
-- Runs: read, with the person
-- Sample: '80000000-0000-4000-8000-000000000000'
SELECT coalesce(r.number, 0), r.id, r.target, coalesce(r.version, 0), coalesce(r.modified, 0), r.sealed, k.wrapped,
    coalesce(r.merged, CASE i.record WHEN 0 THEN 1 ELSE 0 END),
    coalesce(d.version, 0), coalesce(d.modified, 0), d.sealed, o.wrapped, coalesce(d.merged, 0)
FROM identifier i
LEFT JOIN record r ON r.number = i.record
LEFT JOIN data_key k ON k.record = r.number
LEFT JOIN document d ON d.owner_kind = 2 AND d.owner = r.target AND d.kind = 3 AND d.name = ''
LEFT JOIN owner_key o ON o.kind = 2 AND o.owner = r.target
WHERE i.uuid = $1
