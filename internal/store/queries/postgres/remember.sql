-- For: Remembers the outcome of a write, in place of one that has expired.
-- Runs: write with an Idempotency-Key
-- Sample: '\x0c0d', '\x0a0b', 1790000000000000, 201, '', '80000000-0000-4000-8000-000000000000', 1, 1789000000000000
-- Note: If the stored outcome has not expired, the new value is NULL, which the column refuses.
INSERT INTO idempotency (key, body, at, status, problem, record, version)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (key) DO UPDATE SET body = CASE WHEN idempotency.at < $8 THEN excluded.body END, at = excluded.at,
    status = excluded.status, problem = excluded.problem, record = excluded.record, version = excluded.version
