-- For: Reads every past version of every record, with the record's ids and key.
-- Runs: audit verify, with --records
-- Note: A past version that is not older than its record, or has none, is out of place.
SELECT h.record, r.id, r.target, h.version, h.modified, h.sealed, k.wrapped, coalesce(h.version < r.version, FALSE),
    EXISTS (SELECT 1 FROM history e WHERE e.record = h.record AND e.version < h.version), h.record, h.record
FROM history h
LEFT JOIN record r ON r.number = h.record
LEFT JOIN data_key k ON k.record = h.record
