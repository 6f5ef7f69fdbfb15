-- For: Reads the remembered outcomes of writes.
-- Runs: audit verify, with --records
SELECT key, body, at, status, problem, record, version FROM idempotency
