-- Empties the events of a record that is erased, which have the times of its versions: they no longer say which members
-- changed.
UPDATE outbox SET members = ''
FROM (SELECT modified FROM record WHERE number = $1 UNION ALL SELECT modified FROM history WHERE record = $1) AS version
WHERE outbox.at = version.modified AND outbox.record = $2
