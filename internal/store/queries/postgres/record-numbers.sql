-- Numbers for as many new records.
SELECT nextval(pg_get_serial_sequence('record', 'number')) FROM generate_series(1, $1)
