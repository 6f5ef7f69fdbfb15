-- For: Reads the current version of the record that an id leads to, its own id or its target's.
-- Runs: read; history; create, if it conflicts; change; import, for existing records;
--   publishing to a topic, for each event
-- Sample: '80000000-0000-4000-8000-000000000000'
-- Note: An id without a record, whose person has been merged into another, has a row without a number.
SELECT coalesce(r.number, 0), r.id, r.target, coalesce(r.version, 0), coalesce(r.modified, 0), r.sealed, k.wrapped,
    coalesce(r.merged, CASE i.record WHEN 0 THEN 1 ELSE 0 END)
FROM identifier i
LEFT JOIN record r ON r.number = i.record
LEFT JOIN data_key k ON k.record = r.number
WHERE i.uuid = $1
