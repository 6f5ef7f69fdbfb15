-- For: Adds a new record, whose ids have been reserved.
-- Runs: create; import
-- Sample: 7, '80000000-0000-4000-8000-000000000000', '80000000-0000-4000-8000-000000000001', 0, 1790000000000000,
--   '\x0102'
INSERT INTO record (number, id, target, version, modified, sealed) VALUES ($1, $2, $3, $4, $5, $6)
