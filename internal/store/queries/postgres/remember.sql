-- Remembers the outcome of a write; one that is past its retention gives way, and another is refused by its column.
INSERT INTO idempotency (key, body, at, status, problem, record, version)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (key) DO UPDATE SET body = CASE WHEN idempotency.at < $8 THEN excluded.body END, at = excluded.at,
    status = excluded.status, problem = excluded.problem, record = excluded.record, version = excluded.version
