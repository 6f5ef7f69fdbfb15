-- For: Reads the version of the schema, and whether the server accepts writes.
-- Runs: start; /readyz
SELECT (SELECT max(version_id) FROM goose_db_version WHERE is_applied), NOT pg_is_in_recovery()
