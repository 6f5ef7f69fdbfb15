-- For: Sets a value that belongs to the whole database, if it is still the one expected or there is none.
-- Runs: publishing to a topic, after each page
-- Sample: 'mark:place', '\x02', '\x01'
INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value
WHERE meta.value = $3
