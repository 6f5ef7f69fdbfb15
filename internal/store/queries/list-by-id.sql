-- A page of records by id, behind one id.
SELECT r.id, r.target, r.version, r.modified, r.sealed, k.wrapped
FROM record r JOIN data_key k ON k.record = r.id
WHERE r.id > $1 ORDER BY r.id LIMIT $2
