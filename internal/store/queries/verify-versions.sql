-- For: Reads every stored version of every record, current and past.
-- Runs: audit verify, with --records
-- Note: A past version that is not older than its record, or has none, is out of place.
SELECT '', id, version, sealed, TRUE FROM record
UNION ALL
SELECT '', r.id, h.version, h.sealed, coalesce(h.version < r.version, FALSE) FROM history h LEFT JOIN record r ON r.number = h.record
