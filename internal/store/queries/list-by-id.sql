-- For: Reads a page of records by id, after one id.
-- Runs: list; export
-- Sample: '80000000-0000-4000-8000-000000000000', 101
-- Note: Without the coalesce, PostgreSQL takes the conditions of the join to be independent: it would expect hardly
--   any record, and read all of them for a page.
SELECT r.number, r.id, r.target, r.version, r.modified, r.sealed, k.wrapped, r.merged
FROM identifier i
JOIN record r ON r.number = i.record AND coalesce(r.id = i.uuid, FALSE)
LEFT JOIN data_key k ON k.record = r.number
WHERE i.uuid > $1 AND r.merged = 0 ORDER BY i.uuid LIMIT $2
