-- For: Gives records their ids, and returns those that no other record has.
-- Runs: import
-- Sample: '{80000000-0000-4000-8000-000000000000,80000000-0000-4000-8000-000000000001}', '{1,1}'
-- Note: It waits for others that are about to take one of the ids.
INSERT INTO identifier (uuid, record) SELECT * FROM unnest($1::uuid[], $2::bigint[]) ON CONFLICT DO NOTHING RETURNING uuid
