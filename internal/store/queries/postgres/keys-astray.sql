-- For: Removes keys without a record.
-- Runs: finish-restore
-- Note: In a restored database these are the keys of records created after the backup.
DELETE FROM data_key k WHERE NOT EXISTS (SELECT 1 FROM record r WHERE r.number = k.record)
