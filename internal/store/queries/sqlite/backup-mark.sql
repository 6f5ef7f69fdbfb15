-- For: Reads the last migration, and counts the records.
-- Runs: backup
SELECT (SELECT max(version_id) FROM goose_db_version), (SELECT count(*) FROM record)
