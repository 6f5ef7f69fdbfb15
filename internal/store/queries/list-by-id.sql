-- A page of records by id, behind one id.
SELECT r.number, r.id, r.target, r.version, r.modified, r.sealed, k.wrapped
FROM identifier i
JOIN record r ON r.number = i.record AND r.id = i.uuid
LEFT JOIN data_key k ON k.record = r.number
WHERE i.uuid > $1 ORDER BY i.uuid LIMIT $2
