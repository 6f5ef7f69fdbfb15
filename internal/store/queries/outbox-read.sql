-- For: Reads a page of the feed after a position, with the feed's epoch and floor at the same moment.
-- Runs: events; publishing to a topic
-- Sample: 10000, 100
-- Note: If there is no event, it returns one row with only the epoch and the floor. Position and limit come from
--   subqueries, so that PostgreSQL does not plan again for each of them.
SELECT feed.epoch, feed.floor, page.position, page.id, page.at, page.type, page.record, page.target, page.version, page.members,
    page.correlation, page.merged_into
FROM (SELECT (SELECT value FROM meta WHERE name = 'feed-epoch') AS epoch, (SELECT value FROM meta WHERE name = 'feed-floor') AS floor) AS feed
LEFT JOIN (
    SELECT * FROM outbox WHERE position > (SELECT CAST($1 AS BIGINT)) ORDER BY position LIMIT (SELECT CAST($2 AS BIGINT))
) AS page ON TRUE
ORDER BY page.position
