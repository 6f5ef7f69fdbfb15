-- For: Reads all data keys with the ids of their records.
-- Runs: backup
-- Note: A record's number may later belong to another record, so it does not identify the key.
SELECT r.id AS id, k.* FROM data_key k JOIN record r ON r.number = k.record
