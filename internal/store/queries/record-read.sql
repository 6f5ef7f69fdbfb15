-- The current version of the record that an id leads to: its own id or its target's.
SELECT r.id, r.target, r.version, r.modified, r.sealed, k.wrapped
FROM identifier i
JOIN record r ON r.id = i.record
JOIN data_key k ON k.record = r.id
WHERE i.uuid = $1
