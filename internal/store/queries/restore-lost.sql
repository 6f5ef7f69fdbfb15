-- For: Counts the records, and the people in the directory, that have neither a key nor a tombstone.
-- Runs: restore; finish-restore
SELECT (SELECT count(*) FROM record r
        WHERE NOT EXISTS (SELECT 1 FROM data_key WHERE record = r.number)
            AND NOT EXISTS (SELECT 1 FROM tombstone WHERE kind = 1 AND id = r.id))
    + (SELECT count(*) FROM (SELECT DISTINCT owner_kind, owner FROM document d
        WHERE d.owner_kind <> 1 AND NOT EXISTS (SELECT 1 FROM owner_key k WHERE k.kind = d.owner_kind AND k.owner = d.owner)
            AND NOT EXISTS (SELECT 1 FROM tombstone WHERE kind = d.owner_kind AND id = d.owner AND version >= d.version)) AS people)
