-- For: Removes a record from the National Insurance number index.
-- Runs: change, if the number changed; erasure, if the record has a number
-- Sample: '\x0a0b', 7
DELETE FROM nino_index WHERE keyed_hash = $1 AND record = $2
