-- For: Adds one event to the feed.
-- Runs: create; change; import
-- Sample: '80000000-0000-4000-8000-00000000000e', 1790000000000000, 'changed',
--   '80000000-0000-4000-8000-000000000000', '80000000-0000-4000-8000-000000000001', 4, 'ageGroup',
--   '80000000-0000-4000-8000-00000000000c', '00000000-0000-0000-0000-000000000000'
INSERT INTO outbox (id, at, type, record, target, version, members, correlation, merged_into)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
