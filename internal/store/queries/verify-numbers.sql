-- For: Reads the National Insurance number index.
-- Runs: audit verify, with --records
SELECT keyed_hash, record FROM nino_index
