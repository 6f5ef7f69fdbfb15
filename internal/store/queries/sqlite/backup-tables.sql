-- For: Names all tables with stored data.
-- Runs: backup
-- Note: The last is SQLite's own table, with the feed's last position.
SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'goose_db_version'
    AND (name NOT LIKE 'sqlite\_%' ESCAPE '\' OR name = 'sqlite_sequence')
ORDER BY name = 'sqlite_sequence', name
