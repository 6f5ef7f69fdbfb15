-- For: Sets a value that belongs to the database as a whole, unless it is there.
-- Runs: start, for a new database
-- Sample: 'keyset-check', '\x01'
INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING
