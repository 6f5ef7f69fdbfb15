-- For: Reserves numbers for new records.
-- Runs: import
-- Sample: 10
SELECT nextval(pg_get_serial_sequence('record', 'number')) FROM generate_series(1, $1)
