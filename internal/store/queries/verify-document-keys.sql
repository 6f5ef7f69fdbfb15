-- For: Reads every current document that is not a record, with its owner's data key.
-- Runs: audit verify, with --records
SELECT d.owner_kind, d.owner, d.kind, d.name, d.version, d.sealed, coalesce(own.wrapped, record.wrapped)
FROM document d
LEFT JOIN owner_key own ON own.kind = d.owner_kind AND own.owner = d.owner
LEFT JOIN identifier i ON d.owner_kind = 1 AND i.uuid = d.owner
LEFT JOIN data_key record ON record.record = i.record
