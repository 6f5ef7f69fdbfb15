-- The last migration, and how many records there are.
SELECT (SELECT max(version_id) FROM goose_db_version), (SELECT count(*) FROM record)
