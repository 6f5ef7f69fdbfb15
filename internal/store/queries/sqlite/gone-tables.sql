-- For: Names the tables whose rows belong to a record, which they name by its number.
-- Runs: restore
SELECT t.name FROM sqlite_schema t, pragma_table_info(t.name) c
WHERE t.type = 'table' AND c.name = 'record' AND c.type = 'INTEGER' ORDER BY t.name
