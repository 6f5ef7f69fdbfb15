-- For: Finds the last expired event in a bounded batch of the oldest, before the first that has not expired.
-- Runs: every minute, until nothing is left to drop
-- Sample: 1, 1000, 1790000000000000
-- Note: An event with a time after the third parameter comes from a wrong clock. It goes with those around it.
SELECT max(position) FROM (SELECT position, at FROM outbox WHERE position IS NOT NULL ORDER BY position LIMIT $2) AS oldest
WHERE at < $1 AND NOT EXISTS (
    SELECT 1 FROM (SELECT position, at FROM outbox WHERE position IS NOT NULL ORDER BY position LIMIT $2) AS fresh
    WHERE fresh.position < oldest.position AND fresh.at >= $1 AND fresh.at <= $3
)
