-- The restored records that have a tombstone, so were erased since, with how many of their versions the access log does not
-- tell of: those that an import wrote.
SELECT r.number, r.id, t.version, 1 + (SELECT count(*) FROM history h WHERE h.record = r.number) - coalesce(told.n, 0)
FROM record r JOIN tombstone t ON t.id = r.id
LEFT JOIN (
    SELECT a.record, count(*) AS n FROM audit a JOIN tombstone e ON e.id = a.record WHERE length(a.document) > 0 AND a.object IN ('', 'record') GROUP BY a.record
) told ON told.record = r.id
