-- The last of a bounded batch of the oldest events that is past its retention.
SELECT max(position) FROM (SELECT position, at FROM outbox WHERE position IS NOT NULL ORDER BY position LIMIT $2) AS oldest WHERE at < $1
