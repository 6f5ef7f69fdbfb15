-- For: Names the tables whose rows belong to a record, which they name by its number.
-- Runs: finish-restore
SELECT c.relname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
    AND a.attname = 'record' AND a.atttypid = 'bigint'::regtype
