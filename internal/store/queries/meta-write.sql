-- For: Sets a value that belongs to the whole database.
-- Runs: start, for a new database on SQLite; import, with each batch; /readyz, on SQLite after a failed transaction;
--   every minute, for the floor of the feed; restore; finish-restore
-- Sample: 'mark:place', '\x01'
INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value
