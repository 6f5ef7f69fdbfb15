-- For: Adds the records that entries about several of them touched.
-- Runs: access-log entry, for the records where it is about several
-- Sample: '{3}', '{1001}', '{0}', '{80000000-0000-4000-8000-000000000000}'
-- Note: Parameters are columns, with a value for each record.
INSERT INTO audit_target (lane, seq, place, record)
SELECT ($1::integer[])[n], ($2::bigint[])[n], ($3::integer[])[n], ($4::uuid[])[n]
FROM generate_subscripts($1::integer[], 1) AS n
