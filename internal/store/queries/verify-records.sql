-- For: Reads every current record, the records that its two ids lead to, and whether it has past versions.
-- Runs: audit verify, with --records
SELECT r.number, r.id, r.target, r.version, r.modified, r.sealed, k.wrapped, TRUE,
    EXISTS (SELECT 1 FROM history h WHERE h.record = r.number), own.record, person.record
FROM record r
LEFT JOIN data_key k ON k.record = r.number
LEFT JOIN identifier own ON own.uuid = r.id
LEFT JOIN identifier person ON person.uuid = r.target
