-- For: Subtracts the versions that have an access-log entry from those counted in the list of records to remove.
-- Runs: restore
-- Note: What remains is what an import wrote.
UPDATE gone SET counted = counted - told.n
FROM (
    SELECT a.record AS id, count(*) AS n FROM audit a JOIN gone ON gone.id = a.record
    WHERE length(a.document) > 0 GROUP BY a.record
) told
WHERE told.id = gone.id
