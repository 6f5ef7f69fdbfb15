-- For: Deletes a bounded batch of expired outcomes.
-- Runs: every minute, until nothing is left to drop
-- Sample: 1, 1000
DELETE FROM idempotency WHERE key IN (SELECT key FROM idempotency WHERE at < $1 LIMIT $2)
