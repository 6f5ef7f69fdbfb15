-- For: Reads every current record, and the records that its two ids lead to.
-- Runs: audit verify, with --records
SELECT r.number, r.id, r.target, r.version, r.modified, r.sealed, k.wrapped, own.record, person.record
FROM record r
LEFT JOIN data_key k ON k.record = r.number
LEFT JOIN identifier own ON own.uuid = r.id
LEFT JOIN identifier person ON person.uuid = r.target
