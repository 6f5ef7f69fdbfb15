-- For: Reads all data keys with the ids of their records.
-- Runs: backup
-- Note: A record's number may be given to another record later, so it does not tell whose key it is.
SELECT r.id AS id, k.* FROM data_key k JOIN record r ON r.number = k.record
