-- For: Adds events to the feed, which get their positions later.
-- Runs: create; change; import
-- Sample: '{80000000-0000-4000-8000-00000000000e}', '{1790000000000000}', '{changed}',
--   '{80000000-0000-4000-8000-000000000000}', '{80000000-0000-4000-8000-000000000001}', '{4}', '{ageGroup}',
--   '{80000000-0000-4000-8000-00000000000c}', '{00000000-0000-0000-0000-000000000000}'
-- Note: Parameters are columns, with a value for each event.
INSERT INTO outbox (id, at, type, record, target, version, members, correlation, merged_into)
SELECT ($1::uuid[])[n], ($2::bigint[])[n], ($3::text[])[n], ($4::uuid[])[n], ($5::uuid[])[n], ($6::bigint[])[n], ($7::text[])[n],
    ($8::uuid[])[n], ($9::uuid[])[n]
FROM generate_subscripts($1::uuid[], 1) AS n
