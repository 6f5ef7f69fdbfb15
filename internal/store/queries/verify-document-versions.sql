-- For: Reads every stored version of every document that is not a record, current and past, with its owner's data key.
-- Runs: audit verify, with --records
-- Note: A past version that is not older than its document, or has none, is out of place.
SELECT v.owner_kind, v.owner, v.kind, v.name, v.version, v.modified, v.sealed, coalesce(own.wrapped, record.wrapped), v.in_place
FROM (
    SELECT owner_kind, owner, kind, name, version, modified, sealed, TRUE AS in_place FROM document
    UNION ALL
    SELECT h.owner_kind, h.owner, h.kind, h.name, h.version, h.modified, h.sealed, coalesce(h.version < d.version, FALSE)
    FROM document_history h LEFT JOIN document d
        ON d.owner_kind = h.owner_kind AND d.owner = h.owner AND d.kind = h.kind AND d.name = h.name
) AS v
LEFT JOIN owner_key own ON own.kind = v.owner_kind AND own.owner = v.owner
LEFT JOIN identifier i ON v.owner_kind = 1 AND i.uuid = v.owner
LEFT JOIN data_key record ON record.record = i.record
