-- For: Reads every entry of the access log that holds the hash of a document, or a packed list of objects.
-- Runs: audit verify, with --records
SELECT lane, seq, format, at, object, object_name, record, version, action, members, correlation, document, previous, touched
FROM audit WHERE length(document) > 0 OR length(touched) > 0
