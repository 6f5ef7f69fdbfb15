-- For: Finds the last expired event in a bounded batch of the oldest.
-- Runs: every minute, until nothing is left to drop
-- Sample: 1, 1000
SELECT max(position) FROM (SELECT position, at FROM outbox WHERE position IS NOT NULL ORDER BY position LIMIT $2) AS oldest WHERE at < $1
