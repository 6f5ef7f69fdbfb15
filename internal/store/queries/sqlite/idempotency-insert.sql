-- Remembers the outcome of a write; one that is past its retention gives way.
INSERT INTO idempotency (key, body, at, status, problem, record, version)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (key) DO UPDATE SET body = excluded.body, at = excluded.at, status = excluded.status,
    problem = excluded.problem, record = excluded.record, version = excluded.version
WHERE idempotency.at < $8
