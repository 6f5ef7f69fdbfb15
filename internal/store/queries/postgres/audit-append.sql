-- For: Adds entries to the access log, each after the one before it.
-- Runs: access-log entry
-- Sample: '{3}', '{1001}', '{80000000-0000-4000-8000-00000000000e}', '{1790000000000000}', '{officer-1}',
--   '{Officer}', '{person}', '{equality:read}', '{casework}', '{read}',
--   '{80000000-0000-4000-8000-000000000001}', '{80000000-0000-4000-8000-000000000000}', '{4}', '{ageGroup}',
--   '{done}', '{200}', '{80000000-0000-4000-8000-00000000000c}', '{"\\x0102"}', '{""}', '{""}', '{0}',
--   '{3}', '{record}', '{""}', '{officer}', '{""}', '{""}', '{"\\x0a0b"}', 3, 1000, '\x0a0b'
-- Note: Parameters are columns, with a value for each entry. The entry that they follow, if any, must be in the
--   log: a server that was restored, or took over, may not have it. Without it their lane is NULL, which the
--   table refuses.
INSERT INTO audit (lane, seq, id, at, subject, name, kind, permission, purpose, action, target, record, version,
    members, outcome, status, correlation, address, document, scope, count, format, object, object_name, roles, previous, touched, hash)
SELECT CASE WHEN $30::bigint = 0 OR EXISTS (SELECT 1 FROM audit WHERE lane = $29::integer AND seq = $30::bigint AND hash = $31::bytea)
    THEN ($1::integer[])[n] END,
    ($2::bigint[])[n], ($3::uuid[])[n], ($4::bigint[])[n], ($5::text[])[n], ($6::text[])[n], ($7::text[])[n], ($8::text[])[n],
    ($9::text[])[n], ($10::text[])[n], ($11::uuid[])[n], ($12::uuid[])[n], ($13::bigint[])[n], ($14::text[])[n], ($15::text[])[n],
    ($16::integer[])[n], ($17::uuid[])[n], ($18::bytea[])[n], ($19::bytea[])[n], ($20::text[])[n], ($21::bigint[])[n], ($22::smallint[])[n],
    ($23::text[])[n], ($24::text[])[n], ($25::text[])[n], ($26::bytea[])[n], ($27::bytea[])[n], ($28::bytea[])[n]
FROM generate_subscripts($1::integer[], 1) AS n
