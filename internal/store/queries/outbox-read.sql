-- For: Reads a page of the feed after a position.
-- Runs: events; publishing to a topic
-- Sample: 10000, 100
SELECT position, id, at, type, record, target, version, members, correlation
FROM outbox WHERE position > $1 ORDER BY position LIMIT $2
