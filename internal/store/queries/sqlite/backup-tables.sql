-- For: Names all tables that hold what is stored.
-- Runs: backup
-- Note: The last of them is SQLite's own: it has the feed's last position.
SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'goose_db_version'
    AND (name NOT LIKE 'sqlite\_%' ESCAPE '\' OR name = 'sqlite_sequence')
ORDER BY name = 'sqlite_sequence', name
