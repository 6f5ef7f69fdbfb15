-- For: Counts the records that have neither a key nor a tombstone.
-- Runs: restore; finish-restore
SELECT count(*) FROM record r
WHERE NOT EXISTS (SELECT 1 FROM data_key WHERE record = r.number)
    AND NOT EXISTS (SELECT 1 FROM tombstone WHERE kind = 1 AND id = r.id)
