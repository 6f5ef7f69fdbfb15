-- The current version of the record that an id leads to: its own id or its target's.
SELECT r.number, r.id, r.target, r.version, r.modified, r.sealed, k.wrapped
FROM identifier i
LEFT JOIN record r ON r.number = i.record
LEFT JOIN data_key k ON k.record = r.number
WHERE i.uuid = $1
