-- For: Reads every change in the access log beside the sealed document it must have left.
-- Runs: audit verify, with --records
-- Note: The document is in the record while it is the current version, in the history after. A history that is not
--   older than its record is none.
SELECT a.lane, a.seq, a.record, a.version, a.document, CASE WHEN r.version = a.version THEN r.sealed ELSE h.sealed END, t.id IS NOT NULL
FROM audit a
LEFT JOIN identifier i ON i.uuid = a.record
LEFT JOIN record r ON r.number = i.record AND r.id = a.record
LEFT JOIN history h ON h.record = r.number AND h.version = a.version AND h.version < r.version
LEFT JOIN tombstone t ON t.id = a.record
WHERE length(a.document) > 0
ORDER BY a.lane, a.seq
