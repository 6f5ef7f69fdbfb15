-- How many records have neither a key nor a tombstone.
SELECT count(*) FROM record r
WHERE NOT EXISTS (SELECT 1 FROM data_key WHERE record = r.number)
    AND NOT EXISTS (SELECT 1 FROM tombstone WHERE id = r.id)
