-- For: Reads the version of the schema.
-- Runs: start, of migrate; audit verify
SELECT max(version_id) FROM goose_db_version WHERE is_applied
