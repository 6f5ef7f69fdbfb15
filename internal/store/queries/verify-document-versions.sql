-- For: Reads every stored version of every document that is not a record, current and past.
-- Runs: audit verify, with --records
-- Note: A past version that is not older than its document, or has none, is out of place.
SELECT kind, name, owner, version, sealed, TRUE FROM document
UNION ALL
SELECT h.kind, h.name, h.owner, h.version, h.sealed, coalesce(h.version < d.version, FALSE)
FROM document_history h LEFT JOIN document d
    ON d.owner_kind = h.owner_kind AND d.owner = h.owner AND d.kind = h.kind AND d.name = h.name
