-- For: Gives a record an id that was found to be free.
-- Runs: import
-- Sample: '80000000-0000-4000-8000-000000000000', 7
INSERT INTO identifier (uuid, record) VALUES ($1, $2)
