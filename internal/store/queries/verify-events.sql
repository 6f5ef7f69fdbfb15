-- For: Reads every event, with the target of its record, and the version of the event before it about the same.
-- Runs: audit verify, with --records
SELECT o.position, o.at, o.type, o.record, o.target, o.version, o.members, o.correlation, coalesce(r.target, t.target, t.id), o.merged_into,
    lag(o.version) OVER (PARTITION BY o.record, o.target, o.type LIKE 'person.%' ORDER BY o.position, o.version)
FROM outbox o
LEFT JOIN identifier i ON i.uuid = o.record
LEFT JOIN record r ON r.number = i.record AND r.id = o.record
LEFT JOIN tombstone t ON t.kind = 1 AND t.id = o.record
