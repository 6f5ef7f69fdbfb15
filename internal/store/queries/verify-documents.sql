-- Every change the access log tells of, beside the sealed document it must have left: in the record while it
-- is the current version, in the history after.
SELECT a.lane, a.seq, a.record, a.version, a.document, coalesce(r.sealed, h.sealed), t.id IS NOT NULL
FROM audit a
LEFT JOIN record r ON r.id = a.record AND r.version = a.version
LEFT JOIN history h ON h.record = a.record AND h.version = a.version
LEFT JOIN tombstone t ON t.id = a.record
WHERE length(a.document) > 0
ORDER BY a.lane, a.seq
