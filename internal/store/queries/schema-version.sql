-- For: Reads the version of the schema.
-- Runs: audit verify
SELECT max(version_id) FROM goose_db_version WHERE is_applied
