-- Takes off what the access log tells of, so that versions without an entry remain: those that an import wrote.
UPDATE gone SET counted = counted - told.n
FROM (
    SELECT a.record AS id, count(*) AS n FROM audit a JOIN gone ON gone.id = a.record
    WHERE length(a.document) > 0 AND a.object IN ('', 'record') GROUP BY a.record
) told
WHERE told.id = gone.id
