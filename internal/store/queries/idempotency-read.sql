-- The remembered outcome of a write.
SELECT body, status, problem, record, version FROM idempotency WHERE key = $1 AND at >= $2
