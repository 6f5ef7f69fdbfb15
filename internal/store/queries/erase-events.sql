-- For: Empties the events of an erased record: they no longer say which members changed.
-- Runs: erasure; restore; finish-restore
-- Sample: 7, '80000000-0000-4000-8000-000000000000'
-- Note: An event has the same time as the version it is about.
UPDATE outbox SET members = ''
FROM (SELECT modified FROM record WHERE number = $1 UNION ALL SELECT modified FROM history WHERE record = $1) AS version
WHERE outbox.at = version.modified AND outbox.record = $2
