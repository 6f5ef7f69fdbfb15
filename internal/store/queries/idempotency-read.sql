-- For: Reads the remembered outcome of a write, unless it has expired.
-- Runs: write with an Idempotency-Key, before it
-- Sample: '\x0c0d', 1789000000000000
SELECT body, status, problem, record, version FROM idempotency WHERE key = $1 AND at >= $2
