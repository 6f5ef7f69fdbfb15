-- For: Lists the restored records that have a tombstone, because they were erased after the backup.
-- Runs: finish-restore
-- Note: With each, how many of its versions have no access-log entry: those that an import wrote.
SELECT r.number, r.id, t.version, 1 + (SELECT count(*) FROM history h WHERE h.record = r.number) - coalesce(told.n, 0)
FROM record r JOIN tombstone t ON t.id = r.id
LEFT JOIN (
    SELECT a.record, count(*) AS n FROM audit a JOIN tombstone e ON e.id = a.record WHERE length(a.document) > 0 GROUP BY a.record
) told ON told.record = r.id
