-- For: Reads the current version of the record that an id leads to, its own id or its target's.
-- Runs: read; history; create, if it conflicts; change; import, for existing records;
--   publishing to a topic, for each event
-- Sample: '80000000-0000-4000-8000-000000000000'
SELECT r.number, r.id, r.target, r.version, r.modified, r.sealed, k.wrapped
FROM identifier i
LEFT JOIN record r ON r.number = i.record
LEFT JOIN data_key k ON k.record = r.number
WHERE i.uuid = $1
