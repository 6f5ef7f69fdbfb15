-- A page of the feed behind a position.
SELECT position, id, at, type, record, target, version, members, correlation
FROM outbox WHERE position > $1 ORDER BY position LIMIT $2
