-- For: Removes the keys that no record has.
-- Runs: finish-restore
-- Note: In a restored database those are the keys of records that came later.
DELETE FROM data_key k WHERE NOT EXISTS (SELECT 1 FROM record r WHERE r.number = k.record)
