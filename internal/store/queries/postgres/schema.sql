-- The version of the schema, and whether the server takes writes.
SELECT (SELECT max(version_id) FROM goose_db_version WHERE is_applied), NOT pg_is_in_recovery()
