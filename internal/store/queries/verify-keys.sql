-- For: Counts the data keys of records, and of other owners, that have nothing to open.
-- Runs: audit verify, with --records
SELECT (SELECT count(*) FROM data_key k LEFT JOIN record r ON r.number = k.record WHERE r.number IS NULL),
    (SELECT count(*) FROM owner_key o LEFT JOIN document d ON d.owner_kind = o.kind AND d.owner = o.owner WHERE d.owner IS NULL)
