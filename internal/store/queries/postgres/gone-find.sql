-- The restored records that have a tombstone, so were erased since, with how many of their versions the access log does not
-- tell of: those that an import wrote.
SELECT r.number, r.id, t.version,
    1 + (SELECT count(*) FROM history h WHERE h.record = r.number)
        - (SELECT count(*) FROM audit a WHERE a.record = r.id AND length(a.document) > 0)
FROM record r JOIN tombstone t ON t.id = r.id
ORDER BY r.number
