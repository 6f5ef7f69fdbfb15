-- For: Keeps the id of a person who has no record, and has been merged into another, from getting one.
-- Runs: merge
-- Sample: '80000000-0000-4000-8000-000000000001'
INSERT INTO identifier (uuid, record) VALUES ($1, 0)
