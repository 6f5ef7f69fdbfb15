-- For: Reads a page of records by time of change, after one record and before a time.
-- Runs: list, with a time
-- Sample: 50000, '80000000-0000-4000-8000-000000000000', 9223372036854775807, 101
SELECT r.number, r.id, r.target, r.version, r.modified, r.sealed, k.wrapped, r.merged
FROM record r LEFT JOIN data_key k ON k.record = r.number
WHERE (r.modified, r.id) > ($1, $2) AND r.modified < $3 AND r.merged = 0 ORDER BY r.modified, r.id LIMIT $4
