-- For: Sets a value that belongs to the whole database, unless there is one.
-- Runs: start, for a new database
-- Sample: 'keyset-check', '\x01'
INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING
