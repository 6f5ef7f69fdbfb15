-- Forgets a bounded batch of outcomes that are past their retention.
DELETE FROM idempotency WHERE key IN (SELECT key FROM idempotency WHERE at < $1 LIMIT $2)
