-- For: Lists the records that were erased since they were backed up, and how many versions each has.
-- Runs: restore
INSERT INTO gone (number, id, version, counted)
SELECT r.number, r.id, t.version, 1 + (SELECT count(*) FROM history WHERE record = r.number)
FROM record r JOIN tombstone t ON t.id = r.id
WHERE NOT EXISTS (SELECT 1 FROM data_key WHERE record = r.number)
