-- Every stored version of a record: the current one, and those in the history. One there that is not older than its record,
-- or that has none, is out of its place.
SELECT '', id, version, sealed, TRUE FROM record
UNION ALL
SELECT '', r.id, h.version, h.sealed, coalesce(h.version < r.version, FALSE) FROM history h LEFT JOIN record r ON r.number = h.record
