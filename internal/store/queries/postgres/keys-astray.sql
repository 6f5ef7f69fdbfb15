-- Removes the keys that no record has: in a restored database those of records that came later.
DELETE FROM data_key k WHERE NOT EXISTS (SELECT 1 FROM record r WHERE r.number = k.record)
